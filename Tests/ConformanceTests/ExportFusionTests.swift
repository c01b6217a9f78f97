import FoundationEssentials
import Graphs
import Kernels
import ModelFormats
import Tensors
import Testing

/// Tiny transformers as PyTorch exports them (Exports/make_exports.py): what the passes find in them, and that the
/// results stay those of ONNX Runtime.
@Suite struct ExportFusionTests {
    /// What is fused in one export.
    struct Expectation: CustomTestStringConvertible {
        let name: String
        var attention = 1
        var layerNorms = 0
        var gelu = 0
        var activations = 0

        var testDescription: String { name }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Exports").path

    static let expectations = [
        Expectation(name: "bert-eager-torchscript-14", layerNorms: 3, gelu: 1),
        Expectation(name: "bert-sdpa-torchscript-17", gelu: 1),
        Expectation(name: "bert-eager-dynamo-18", gelu: 1),
        Expectation(name: "bert-sdpa-dynamo-18", gelu: 1),
        Expectation(name: "bert-sdpa-dynamo-23", attention: 0),
        Expectation(name: "gpt2-eager-dynamo-18", gelu: 1),
        Expectation(name: "gpt2-sdpa-dynamo-18", gelu: 1),
        Expectation(name: "vit-eager-torchscript-14", layerNorms: 3, gelu: 1),
        Expectation(name: "vit-sdpa-torchscript-17", gelu: 1),
        Expectation(name: "vit-sdpa-dynamo-18", gelu: 1),
        Expectation(name: "t5-eager-torchscript-14", attention: 3, layerNorms: 7),
        Expectation(name: "whisper-eager-dynamo-18", attention: 3, gelu: 4),
        Expectation(name: "whisper-sdpa-dynamo-18", attention: 3, gelu: 4),
        Expectation(name: "whisper-sdpa-dynamo-23", attention: 0),
        Expectation(name: "llama-sdpa-dynamo-18", layerNorms: 3, activations: 1),
        Expectation(name: "encoder-eager-torchscript-14", layerNorms: 2, gelu: 1),
        Expectation(name: "encoder-eager-dynamo-18", gelu: 1),
        Expectation(name: "encoder-eager-dynamo-23", attention: 0),
        // ONNX Runtime's optimiser has already found the layer norms and GELUs.
        Expectation(name: "bert-eager-torchscript-14-optimised"),
        Expectation(name: "gpt2-eager-dynamo-18-optimised"),
        Expectation(name: "t5-eager-torchscript-14-optimised", attention: 3),
        Expectation(name: "whisper-sdpa-dynamo-18-optimised", attention: 3, gelu: 4),
    ]

    private struct Export {
        let graph: Graph
        let reports: [Passes.Report]
        let plain: Graph
        let inputs: [Tensor]
        let expected: Tensor
    }

    private func load(_ name: String) throws -> Export {
        let folder = "\(Self.folder)/\(name)"
        let plain = try ONNXImporter.load(path: "\(folder)/model.onnx").graph
        #expect(plain.unsupportedOperators().isEmpty)
        let (graph, reports) = try Passes.standard(plain, evaluate: ConstantEvaluation.evaluator)
        let inputs = try plain.inputs.map { try NPY.read("\(folder)/\(plain.name(of: $0.value)).npy") }
        return Export(
            graph: graph, reports: reports, plain: plain, inputs: inputs,
            expected: try NPY.read("\(folder)/output.npy"))
    }

    @Test("what is found", arguments: expectations) func counts(_ expectation: Expectation) throws {
        let export = try load(expectation.name)
        func count(_ name: String) -> Int? { export.reports.first { $0.name == name }?.count }
        #expect(count("recognise attention") == expectation.attention)
        #expect(count("recognise layer norms") == expectation.layerNorms)
        #expect(count("recognise GELU") == expectation.gelu)
        #expect(count("recognise activations") == expectation.activations)
        // Nothing of what was spelled out is left.
        let names = export.graph.nodes.map(\.operation.name)
        for name in ["Softmax", "Erf", "Sqrt", "ReduceMean"] where name != "Sqrt" || !expectation.name.contains("t5") {
            #expect(!names.contains(name), "\(name) is left in \(expectation.name)")
        }
    }

    @Test("the results stay", arguments: expectations.map(\.name)) func results(_ name: String) throws {
        let export = try load(name)
        let plain = try Interpreter(graph: export.plain).run(export.inputs)[0]
        try Agreement.check(plain, export.expected, rtol: 1e-4, atol: 1e-4)
        let fused = try Interpreter(graph: export.graph).run(export.inputs)[0]
        try Agreement.check(fused, export.expected, rtol: 1e-4, atol: 1e-4)
        try Agreement.check(fused, plain, rtol: 1e-4, atol: 2e-5)
    }

    @Test("compiled as a stage, on any number of threads", arguments: expectations.map(\.name))
    func compiled(_ name: String) throws {
        let export = try load(name)
        let bound = try BoundGraph(
            export.graph, inputTypes: export.inputs.map(\.type), evaluate: ConstantEvaluation.evaluator)
        let part = GraphPart(
            nodes: bound.runtimeNodes, inputs: export.graph.inputs.map(\.value).sorted(),
            outputs: export.graph.outputs)
        let values = Dictionary(zip(export.graph.inputs.map(\.value), export.inputs)) { first, _ in first }
        var results: [Tensor] = []
        for threads in 1...3 {
            let program = try StageProgram(
                bound, part: part, weights: StageWeights(bound.graph), arena: Arena(),
                pool: WorkerPool(threadCount: threads))
            let result = Tensor(uninitialized: .float32, shape: export.expected.shape)
            try program.run(inputs: part.inputs.map { values[$0]! }, outputs: [result])
            try Agreement.check(result, export.expected, rtol: 1e-4, atol: 1e-4)
            results.append(result)
        }
        for other in results.dropFirst() {
            #expect(other.elements(of: Float.self) == results[0].elements(of: Float.self))
        }
    }
}
