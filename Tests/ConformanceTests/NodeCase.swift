import FoundationEssentials
import Kernels
import ModelFormats
import Tensors

/// One case of the ONNX backend node suite, as Tests/Oracle writes it.
struct NodeCase: Decodable {
    struct File: Decodable {
        let name: String
        let file: String
    }

    /// A value that no single array holds: the arrays of a sequence, or one, or none.
    struct Value: Decodable {
        let name: String
        let file: String?
        let sequence: [String]?
    }

    /// All values of a case in which some are sequences or optionals, in order.
    struct Values: Decodable {
        let inputs: [Value]
        let outputs: [Value]
    }

    let name: String
    let rtol: Double?
    let atol: Double?
    let inputs: [File]?
    let outputs: [File]?
    /// Why there are no arrays for it.
    let skip: String?
    let values: Values?

    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["MPINFER_TEST_MATERIAL"] { return folder + "/node" }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return package.appending(path: ".build/material/node").path
    }()

    static var names: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/case.json") }.sorted()
    }

    /// Whether tests on it should run: it is there, or somebody says that it must be.
    static var isExpected: Bool {
        !names.isEmpty || ProcessInfo.processInfo.environment["MPINFER_REQUIRE_MATERIAL"] == "1"
    }

    static func load(_ name: String) throws -> NodeCase {
        let json = FileManager.default.contents(atPath: "\(folder)/\(name)/case.json") ?? Data()
        return try JSONDecoder().decode(NodeCase.self, from: json)
    }

    var model: String { "\(NodeCase.folder)/\(name)/model.onnx" }

    func value(_ value: Value) throws -> StageValue {
        func array(_ file: String) throws -> Tensor { try NPY.read("\(NodeCase.folder)/\(name)/\(file)") }
        if let files = value.sequence { return .sequence(try files.map(array)) }
        return try value.file.map { .tensor(try array($0)) } ?? .nothing
    }

    func tensor(_ file: File) throws -> Tensor { try NPY.read("\(NodeCase.folder)/\(name)/\(file.file)") }
}

/// Why a case does not pass.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
