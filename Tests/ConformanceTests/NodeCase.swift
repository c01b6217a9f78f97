import FoundationEssentials
import Graphs
import Kernels
import ModelFormats
import Tensors

/// One case of the ONNX backend node suite, or of this project's operator cases, as Tests/Oracle writes it.
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
    /// Of the model, those of other domains with the domain before them.
    let operators: [String]?
    let rtol: Double?
    let atol: Double?
    let inputs: [File]?
    let outputs: [File]?
    /// Why there are no arrays for it.
    let skip: String?
    let values: Values?
    private(set) var suite = Suite.node

    private enum CodingKeys: String, CodingKey { case name, operators, rtol, atol, inputs, outputs, skip, values }

    /// A folder of cases.
    enum Suite: String {
        /// The ONNX backend node suite.
        case node
        /// ONNX's own cases of whole models.
        case pytorchOperator = "pytorch-operator"
        case pytorchConverted = "pytorch-converted"
        case simple
        /// Single operators compared with ONNX Runtime, where the node suite has no case.
        case operators
        /// Operators of ONNX Runtime's own domain.
        case contributed
        /// Numbers of 2, 4 and 8 bits.
        case narrow
        /// Operators of ai.onnx.ml.
        case learned
        /// What compares, sorts or selects, given NaN, infinities and equal numbers.
        case extremes

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

        /// Whether tests on it should run: it is there, or a setting says that it must be.
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

    /// Computes the case node by node, and again through the passes and a compiled stage, and compares.
    ///
    /// - Throws: `Failure`, or what import and kernels throw.
    func check() throws {
        let graph = try ONNXImporter.load(path: model).graph
        let fed = try fed()
        let expected = try values?.outputs.map { ($0.name, try value($0)) } ?? arrays(outputs)
        func input(_ name: String) -> StageValue? { fed.first { $0.0 == name }?.1 }
        try check(Interpreter(graph: graph).run(input), expected, "")
        try check(CompiledCase(graph).run(input), expected, "compiled, ")
    }

    /// What a compiled stage gives.
    func results() throws -> [StageValue] {
        let fed = try fed()
        return try CompiledCase(try ONNXImporter.load(path: model).graph).run { name in
            fed.first { $0.0 == name }?.1
        }
    }

    /// The inputs by name, in order.
    func fed() throws -> [(String, StageValue)] {
        try values?.inputs.map { ($0.name, try value($0)) } ?? arrays(inputs)
    }

    private func arrays(_ files: [File]?) throws -> [(String, StageValue)] {
        try (files ?? []).map { ($0.name, .tensor(try tensor($0))) }
    }

    private func check(_ results: [StageValue], _ expected: [(String, StageValue)], _ how: String) throws {
        guard results.count == expected.count else {
            throw Failure("\(how)\(results.count) outputs, expected \(expected.count)")
        }
        for (result, (output, wanted)) in zip(results, expected) {
            do {
                try Agreement.check(result, wanted, rtol: rtol ?? 1e-3, atol: atol ?? 1e-7)
            } catch {
                throw Failure("\(how)output '\(output)': \(error)")
            }
        }
    }

    func value(_ value: Value) throws -> StageValue {
        func array(_ file: String) throws -> Tensor { try NPY.read("\(suite.folder)/\(name)/\(file)") }
        if let files = value.sequence { return .sequence(try files.map(array)) }
        return try value.file.map { .tensor(try array($0)) } ?? .nothing
    }
}

/// Why a case does not pass.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
