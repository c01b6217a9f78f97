import FoundationEssentials
import Graphs
import Kernels
import ModelFormats
import Tensors
import TestSupport
import Testing

/// Chains of models of which one is damaged: joined, checked against one another, bound, compiled, run. Each ends in an
/// error or in a run; a crash would end this process.
@Suite(.enabled(if: NodeCase.Suite.node.isExpected, "no test material; 'make material' makes it"))
struct DamagedChainTests {
    /// Element-wise models of one shape; the first names the tensors of all.
    private static let models = ["test_relu", "test_softmax_axis_1", "test_leakyrelu", "test_abs"]

    private struct Chain {
        let folder: String
        let bytes: [[UInt8]]
        let input: Tensor
        let inputName: String
        let outputName: String

        init() throws {
            let cases = try DamagedChainTests.models.map { try NodeCase.Suite.node.load($0) }
            bytes = try cases.map { Array(try Data(contentsOf: URL(filePath: $0.model))) }
            folder =
                FileManager.default.temporaryDirectory.appending(path: "damaged-chain-\(UInt64.random(in: 0 ... .max))")
                .path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let first = try ONNXImporter.load(path: cases[0].model).graph
            input = try cases[0].tensor(cases[0].inputs![0])
            inputName = first.name(of: first.inputs[0].value)
            outputName = first.name(of: first.outputs[0])
            for index in bytes.indices { try write(bytes[index], index) }
        }

        func path(_ index: Int) -> String { "\(folder)/model\(index).onnx" }
        func write(_ bytes: [UInt8], _ index: Int) throws { try Data(bytes).write(to: URL(filePath: path(index))) }

        func run() throws {
            let entries = try bytes.indices.map { index in
                let graph = try ONNXImporter.load(path: path(index)).graph
                let name = graph.inputs.first.map { graph.name(of: $0.value) } ?? inputName
                return ModelChain.Entry(path: path(index), wires: index == 0 ? [:] : [name: outputName])
            }
            let chain = try ModelChain(entries) { try ONNXImporter.load(path: $0) }
            let evaluator = ConstantEvaluation.evaluator
            guard chain.joined.graph.inputs.count == 1 else { throw Failure("other inputs") }
            try chain.joined.checkFit(inputTypes: [input.type], evaluate: evaluator)
            let graph = try Passes.standard(chain.model.graph, evaluate: evaluator).graph
            let bound = try BoundGraph(graph, inputTypes: [input.type], evaluate: evaluator)
            guard bound.runtimeNodes.reduce(0.0, { $0 + bound.cost(of: $1).flops }) < 1e8 else {
                throw Failure("too much to run")
            }
            let part = GraphPart(
                nodes: bound.runtimeNodes, inputs: graph.inputs.map(\.value), outputs: Set(graph.outputs).sorted())
            let program = try StageProgram(
                bound, part: part, weights: StageWeights(graph), arena: Arena(), pool: WorkerPool(threadCount: 1))
            let outputs = program.outputTypes.map { type in
                type.map { Tensor(uninitialized: $0.dtype, shape: $0.shape) }
            }
            try program.run(inputs: [input], outputs: outputs)
        }
    }

    @Test func undamaged() throws {
        let chain = try Chain()
        defer { try? FileManager.default.removeItem(atPath: chain.folder) }
        try chain.run()
    }

    @Test(arguments: models.indices) func everyPrefix(_ model: Int) throws {
        let chain = try Chain()
        defer { try? FileManager.default.removeItem(atPath: chain.folder) }
        var errors = 0
        for length in chain.bytes[model].indices {
            try chain.write(Array(chain.bytes[model].prefix(length)), model)
            do { try chain.run() } catch { errors += 1 }
        }
        // Hardly anything that is cut off is still a model.
        #expect(errors > chain.bytes[model].count * 9 / 10)
    }

    @Test(arguments: models.indices) func randomBytes(_ model: Int) throws {
        let chain = try Chain()
        defer { try? FileManager.default.removeItem(atPath: chain.folder) }
        var random = SplitMix(UInt64(model) + 5)
        var errors = 0
        for _ in 0..<300 {
            var bytes = chain.bytes[model]
            for _ in 0..<random.integer(1...3) {
                bytes[random.integer(0...(bytes.count - 1))] = UInt8(random.integer(0...255))
            }
            try chain.write(bytes, model)
            do { try chain.run() } catch { errors += 1 }
        }
        #expect(errors > 50, "no damage was noticed")
    }
}
