import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// A network that is cut into several models and joined again is the network: the same bits, and the same passes.
@Suite struct GraphChainTests {
    @Test func splitAndJoinedAgain() throws {
        var random = SplitMix(77)
        let path = NSTemporaryDirectory() + "mpinfer-chain-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let numbers = (0..<4000).map { _ in Float.random(in: -1...1, using: &random) }
        try numbers.withUnsafeBytes { Data($0) }.write(to: URL(filePath: path))
        let weights = FileRegion(path: path, offset: 0, byteCount: numbers.count * 4)

        var wires = 0
        var renamed = 0
        var clashes = 0
        for _ in 0..<400 {
            let network = RandomNetwork(&random, nodeCount: random.integer(4...25), isLarge: false, weights: weights)
            let graph = network.graph
            let types = try graph.inputTypes(symbols: ["batch": random.integer(1...3)])
            let bound = try BoundGraph(graph, inputTypes: types, evaluate: ConstantEvaluation.evaluator)
            let starts =
                [0] + Array(1..<graph.nodes.count).shuffled(using: &random).prefix(random.integer(1...3)).sorted()
            let split = SplitNetwork(bound, starts: starts, &random)
            let chain = try GraphChain(split.parts, extraOutputs: split.extraOutputs)
            wires += chain.wires.count
            renamed += split.parts.reduce(0) { $0 + $1.wires.count }
            clashes += chain.graph.valueNames.count { $0.contains("/") }

            #expect(Set(chain.graph.valueNames).count == chain.graph.valueNames.count)
            #expect(Set(chain.graph.nodes.map(\.name)).count == chain.graph.nodes.count)
            #expect(
                Set(chain.graph.outputs.map(chain.graph.name(of:))) == Set(graph.outputs.map(graph.name(of:))),
                "\(network.description)")
            try chain.checkFit(inputTypes: types, evaluate: ConstantEvaluation.evaluator)
            try expectSame(chain.graph, graph, types, network, &random)
        }
        print("chains: \(wires) wires, \(renamed) renamed, \(clashes) names made unique")
        #expect(wires > 800 && renamed > 200 && clashes > 800)
    }

    private func expectSame(
        _ joined: Graph, _ whole: Graph, _ types: [TensorType], _ network: RandomNetwork, _ random: inout SplitMix
    ) throws {
        func bind(_ graph: Graph) throws -> BoundGraph {
            try BoundGraph(graph, inputTypes: types, evaluate: ConstantEvaluation.evaluator)
        }
        let tensors = types.map { Tensor.random($0.dtype, $0.shape, in: -2...2, using: &random) }
        func inputs(_ graph: Graph) -> [ValueID: Tensor] {
            Dictionary(zip(graph.inputs.map(\.value), tensors)) { first, _ in first }
        }
        func outputs(_ graph: Graph, _ values: [ValueID: Tensor]) -> [String: Tensor] {
            Dictionary(graph.outputs.map { (graph.name(of: $0), values[$0]!) }) { first, _ in first }
        }
        func expect(_ found: [String: Tensor], _ wanted: [String: Tensor], _ what: String) {
            for (name, tensor) in wanted where found[name]?.isSame(as: tensor) != true {
                Issue.record("\(what): '\(name)' differs in \(network.description)")
            }
        }
        let wanted = outputs(whole, try Reference.values(bind(whole), inputs: inputs(whole)))
        expect(outputs(joined, try Reference.values(bind(joined), inputs: inputs(joined))), wanted, "node by node")

        // Passes see no border: what they make of the joined graph is what they make of the whole.
        let tidyWhole = try Passes.standard(whole, evaluate: ConstantEvaluation.evaluator).graph
        let tidyJoined = try Passes.standard(joined, evaluate: ConstantEvaluation.evaluator).graph
        #expect(
            tidyJoined.nodes.map(\.operation) == tidyWhole.nodes.map(\.operation), "\(network.description)")
        let (boundWhole, boundJoined) = (try bind(tidyWhole), try bind(tidyJoined))
        let count = boundJoined.runtimeNodes.count
        guard count > 1 else { return }
        let pool = WorkerPool(threadCount: 2)
        let starts = [0] + Array(1..<count).shuffled(using: &random).prefix(2).sorted()
        let expected = try CompiledModel(boundWhole, starts: [0], pool: pool).run(inputs(tidyWhole))
        let found = try CompiledModel(boundJoined, starts: starts, pool: pool).run(inputs(tidyJoined))
        let known = boundWhole.graph.constants.compactMapValues { try? $0.load() }
        let knownJoined = boundJoined.graph.constants.compactMapValues { try? $0.load() }
        expect(
            outputs(tidyJoined, found.merging(knownJoined) { first, _ in first }),
            outputs(tidyWhole, expected.merging(known) { first, _ in first }), "compiled")
    }
}
