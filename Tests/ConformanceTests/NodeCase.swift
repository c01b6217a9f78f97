import FoundationEssentials
import Graphs
import ModelFormats
import Tensors

/// One case of the ONNX backend node suite, or of our own operator cases, as Tests/Oracle writes it.
struct NodeCase: Decodable {
    struct File: Decodable {
        let name: String
        let file: String
    }

    let name: String
    /// Of the model, those of other domains with the domain before them.
    let operators: [String]?
    let rtol: Double?
    let atol: Double?
    let inputs: [File]?
    let outputs: [File]?
    /// Why there are no arrays for it.
    let skip: String?
    private(set) var suite = Suite.node

    private enum CodingKeys: String, CodingKey { case name, operators, rtol, atol, inputs, outputs, skip }

    /// A folder of cases.
    enum Suite: String {
        /// The ONNX backend node suite.
        case node
        /// ONNX's own cases of whole models.
        case pytorchOperator = "pytorch-operator"
        case pytorchConverted = "pytorch-converted"
        case simple
        /// Single operators beside ONNX Runtime, where the node suite has no case.
        case operators

        var folder: String {
            if let folder = ProcessInfo.processInfo.environment["MPINFER_TEST_MATERIAL"] {
                return "\(folder)/\(rawValue)"
            }
            let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            return package.appending(path: ".build/material/\(rawValue)").path
        }

        var names: [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/case.json") }.sorted()
        }

        /// Whether tests on it should run: it is there, or somebody says that it must be.
        var isExpected: Bool {
            !names.isEmpty || ProcessInfo.processInfo.environment["MPINFER_REQUIRE_MATERIAL"] == "1"
        }

        func load(_ name: String) throws -> NodeCase {
            let json = FileManager.default.contents(atPath: "\(folder)/\(name)/case.json") ?? Data()
            var test = try JSONDecoder().decode(NodeCase.self, from: json)
            test.suite = self
            return test
        }
    }

    var model: String { "\(suite.folder)/\(name)/model.onnx" }

    func tensor(_ file: File) throws -> Tensor { try NPY.read("\(suite.folder)/\(name)/\(file.file)") }

    /// Computes the case and compares.
    ///
    /// - Throws: `Failure`, or what import and kernels throw.
    func check() throws {
        let graph = try ONNXImporter.load(path: model).graph
        let arrays = try graph.inputs.map { input -> Tensor in
            let wanted = graph.name(of: input.value)
            guard let file = inputs?.first(where: { $0.name == wanted }) else {
                throw Failure("no array for the input '\(wanted)'")
            }
            return try tensor(file)
        }
        let results = try Interpreter(graph: graph).run(arrays)
        let expected = outputs ?? []
        guard results.count == expected.count else {
            throw Failure("\(results.count) outputs, expected \(expected.count)")
        }
        for (result, file) in zip(results, expected) {
            do {
                try Agreement.check(result, try tensor(file), rtol: rtol ?? 1e-3, atol: atol ?? 1e-7)
            } catch {
                throw Failure("output '\(file.name)': \(error)")
            }
        }
    }
}

/// Why a case does not pass.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
