import FoundationEssentials
import ModelFormats
import Tensors

/// One case of ONNX's backend suites, as Tests/Oracle writes it.
struct NodeCase: Decodable {
    struct File: Decodable {
        let name: String
        let file: String
    }

    let name: String
    let opset: Int?
    let operators: [String]?
    let rtol: Double?
    let atol: Double?
    let inputs: [File]?
    let outputs: [File]?
    /// Why there are no arrays for it.
    let skip: String?

    /// Of the suite; the one of single nodes where a case does not say.
    private(set) var suite = "node"

    private enum CodingKeys: String, CodingKey { case name, opset, operators, rtol, atol, inputs, outputs, skip }

    static let material: String = {
        if let folder = ProcessInfo.processInfo.environment["MPINFER_TEST_MATERIAL"] { return folder }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return package.appending(path: ".build/material").path
    }()

    static var names: [String] { names(of: "node") }

    static func names(of suite: String) -> [String] {
        let folder = "\(material)/\(suite)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/case.json") }.sorted()
    }

    /// Whether tests on it should run: it is there, or somebody says that it must be.
    static var isExpected: Bool {
        !names.isEmpty || ProcessInfo.processInfo.environment["MPINFER_REQUIRE_MATERIAL"] == "1"
    }

    static func load(_ name: String, of suite: String = "node") throws -> NodeCase {
        let json = FileManager.default.contents(atPath: "\(material)/\(suite)/\(name)/case.json") ?? Data()
        var result = try JSONDecoder().decode(NodeCase.self, from: json)
        result.suite = suite
        return result
    }

    private var folder: String { "\(NodeCase.material)/\(suite)/\(name)" }
    var model: String { "\(folder)/model.onnx" }

    func tensor(_ file: File) throws -> Tensor { try NPY.read("\(folder)/\(file.file)") }
}

/// Why a case does not pass.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
