import Graphs
import Planning
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// Compiled stages against the node-by-node evaluation of the same graph, bit for bit: guards every decision about who
/// shares whose memory, and that neither the cut, nor fusion, nor the number of threads changes a result.
@Suite struct StageProgramTests {
    private func bind(_ graph: Graph, batch: Int) throws -> BoundGraph {
        try BoundGraph(
            graph, inputTypes: graph.inputTypes(symbols: ["batch": batch]), evaluate: ConstantEvaluation.evaluator)
    }

    private func randomInputs(_ bound: BoundGraph, _ random: inout SplitMix) -> [ValueID: Tensor] {
        var inputs: [ValueID: Tensor] = [:]
        for input in bound.graph.inputs {
            let type = bound.type(of: input.value)!
            inputs[input.value] = .random(type.dtype, type.shape, in: -2...2, using: &random)
        }
        return inputs
    }

    private func randomStarts(_ bound: BoundGraph, _ random: inout SplitMix) -> [Int] {
        let count = bound.runtimeNodes.count
        return [0] + Array(1..<count).shuffled(using: &random).prefix(random.integer(0...4)).sorted()
    }

    private func expectSame(
        _ results: [ValueID: Tensor], _ expected: [ValueID: Tensor], _ network: RandomNetwork, _ comment: String
    ) {
        for output in network.graph.outputs where !results[output]!.isSame(as: expected[output]!) {
            Issue.record("\(comment): value \(output.index) differs in \(network.description)")
        }
    }

    @Test func equalsNodeByNodeEvaluation() throws {
        var random = SplitMix(40)
        let file = try WeightFile(&random)
        var counts = Sharing()
        for round in 0..<700 {
            let network = RandomNetwork(
                &random, nodeCount: random.integer(1...25), isLarge: false, weights: file.region)
            let bound = try bind(network.graph, batch: random.integer(1...3))
            guard !bound.runtimeNodes.isEmpty else { continue }
            let pool = WorkerPool(threadCount: 1 + round % 3)
            let whole = try CompiledModel(bound, starts: [0], pool: pool)
            let parts = try CompiledModel(bound, starts: randomStarts(bound, &random), pool: pool)
            for microbatch in 0..<2 {
                let inputs = randomInputs(bound, &random)
                let expected = try Reference.values(bound, inputs: inputs)
                expectSame(try whole.run(inputs), expected, network, "whole, run \(microbatch)")
                expectSame(try parts.run(inputs), expected, network, "parts, run \(microbatch)")
            }
            counts.add(whole)
        }
        // The test is meaningful only if the graphs share much memory.
        print("compiled: \(counts)")
        #expect(counts.views > 600 && counts.inPlace > 500 && counts.fused > 50)
    }

    /// How often the compiled graphs share memory or steps.
    private struct Sharing {
        var nodes = 0
        var fused = 0
        var views = 0
        var inPlace = 0

        mutating func add(_ model: CompiledModel) {
            let part = model.plan.part(of: 0)
            let steps = model.bound.fusedNodes(of: part)
            var constants: [ValueID: Int] = [:]
            for (index, isConstant) in model.bound.constantValues().enumerated() where isConstant {
                constants[ValueID(index)] = constants.count
            }
            let memory = StageMemory(
                nodes: steps, inputs: part.inputs, outputs: part.outputs, types: model.bound.types,
                constants: constants, overwritable: steps.map(\.operation.elementwiseOperands))
            nodes += part.nodes.count
            fused += part.nodes.count - steps.count
            views += memory.isAliased.count { $0 }
            for (step, isAliased) in zip(steps, memory.isAliased) where !isAliased {
                guard let result = step.outputs[0] else { continue }
                let place = memory.location(of: result)
                inPlace += step.inputs.contains { $0.flatMap(memory.location) == place } ? 1 : 0
            }
        }
    }

    @Test func threadsChangeNothing() throws {
        var random = SplitMix(41)
        let file = try WeightFile(&random)
        for _ in 0..<12 {
            let network = RandomNetwork(&random, nodeCount: random.integer(3...8), isLarge: true, weights: file.region)
            let bound = try bind(network.graph, batch: 3)
            guard !bound.runtimeNodes.isEmpty else { continue }
            let inputs = randomInputs(bound, &random)
            let expected = try Reference.values(bound, inputs: inputs)
            for threadCount in 1...4 {
                let model = try CompiledModel(bound, starts: [0], pool: WorkerPool(threadCount: threadCount))
                expectSame(try model.run(inputs), expected, network, "\(threadCount) threads")
            }
        }
    }

    @Test func otherShapesShareWeights() throws {
        var random = SplitMix(42)
        let file = try WeightFile(&random)
        for _ in 0..<200 {
            let network = RandomNetwork(
                &random, nodeCount: random.integer(1...20), isLarge: false, weights: file.region)
            let (large, small) = (try bind(network.graph, batch: 4), try bind(network.graph, batch: 1))
            guard !large.runtimeNodes.isEmpty else { continue }
            #expect(large.runtimeNodes == small.runtimeNodes)
            let pool = WorkerPool(threadCount: 1)
            let starts = randomStarts(large, &random)
            let first = try CompiledModel(large, starts: starts, pool: pool)
            let byteCount = first.weightByteCount
            let second = try CompiledModel(small, starts: starts, pool: pool, ranks: first.shared)
            #expect(second.weightByteCount == byteCount, "\(network.description)")
            for model in [first, second, first] {
                let inputs = randomInputs(model.bound, &random)
                expectSame(
                    try model.run(inputs), try Reference.values(model.bound, inputs: inputs), network, "shared weights")
            }
        }
    }
}
