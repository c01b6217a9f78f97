import Graphs
import Planning
import Tensors
import Testing

@testable import Kernels

/// Constants that depend on the shapes of a binding: each program has its own.
@Suite struct ShapeDependentWeightTests {
    private func bind(_ graph: Graph, batch: Int) throws -> BoundGraph {
        try BoundGraph(
            graph, inputTypes: graph.inputTypes(symbols: ["batch": batch]), evaluate: ConstantEvaluation.evaluator)
    }

    /// Runs a graph for one batch after another on the same weights, and against the reference.
    private func expectRight(_ graph: Graph, batches: [Int]) throws {
        var ranks: [CompiledModel.Rank]?
        var models: [CompiledModel] = []
        for batch in batches {
            let model = try CompiledModel(
                bind(graph, batch: batch), starts: [0], pool: WorkerPool(threadCount: 1), ranks: ranks)
            ranks = model.shared
            models.append(model)
        }
        for model in models {
            let type = model.bound.type(of: graph.inputs[0].value)!
            let values = (0..<type.shape.elementCount).map { Float($0 % 17) }
            let inputs = [graph.inputs[0].value: Tensor(values, shape: type.shape)]
            let expected = try Reference.values(model.bound, inputs: inputs)
            let results = try model.run(inputs)
            for output in graph.outputs { #expect(results[output]!.isSame(as: expected[output]!)) }
        }
    }

    /// The batch as a float, known once the graph is bound.
    private func batch(_ graph: inout Graph, of input: ValueID) -> ValueID {
        let shape = graph.addNode(named: "shape", .shapeOf(ShapeOf()), [input])
        let zero = graph.addConstant(named: "zero", .tensor(Tensor([Int64(0)])))
        let extent = graph.addNode(named: "extent", .gather(Gather(axis: 0)), [shape, zero])
        return graph.addNode(named: "batch", .cast(Cast(to: .float32)), [extent])
    }

    @Test func packedWeights() throws {
        var graph = Graph(name: "packed")
        let input = graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(8)])
        let ones = graph.addConstant(named: "ones", .tensor(Tensor([Float](repeating: 1, count: 64), shape: [8, 8])))
        let count = batch(&graph, of: input)
        let weight = graph.addNode(named: "weight", .binary(Binary(.multiply)), [ones, count])
        graph.outputs = [graph.addNode(named: "product", .matrixProduct(MatrixProduct()), [input, weight])]
        try expectRight(graph, batches: [2, 3])
    }

    @Test func valuesTooLargeToFold() throws {
        let columns = BoundGraph.foldLimit + 3
        var graph = Graph(name: "large")
        let input = graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(columns)])
        let shape = graph.addNode(named: "shapeOf", .shapeOf(ShapeOf()), [input])
        let count = batch(&graph, of: input)
        let all = graph.addNode(named: "all", .expand(Expand()), [count, shape])
        graph.outputs = [graph.addNode(named: "sum", .binary(Binary(.add)), [input, all]), all]
        try expectRight(graph, batches: [1, 2])
    }

    /// 40 sums of a value with itself: computed once each, not once for each way through them.
    @Test(.timeLimit(.minutes(1))) func loadTimeNodesRunOnce() throws {
        let count = BoundGraph.foldLimit + 1
        var graph = Graph(name: "doubling")
        let input = graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(count)])
        var value = graph.addConstant(
            named: "one", .tensor(Tensor([Float](repeating: 1, count: count))))
        for step in 0..<40 { value = graph.addNode(named: "double\(step)", .binary(Binary(.add)), [value, value]) }
        graph.outputs = [graph.addNode(named: "sum", .binary(Binary(.add)), [input, value])]
        try expectRight(graph, batches: [1])
    }

    /// The second half of a large constant, its first half is used by nothing.
    @Test func loadTimeResultsMayBeLeftOut() throws {
        let count = BoundGraph.foldLimit + 2
        var graph = Graph(name: "split")
        let input = graph.addInput(
            named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(count / 2 - 1)])
        let whole = graph.addConstant(named: "whole", .tensor(Tensor((0..<count).map(Float.init))))
        let lengths = graph.addConstant(
            named: "lengths", .tensor(Tensor([Int64(count / 2 + 1), Int64(count / 2 - 1)])))
        let part = graph.addValue(named: "part")
        graph.nodes.append(
            Node(
                name: "split", operation: .split(Split(axis: 0, parts: 2)), inputs: [whole, lengths],
                outputs: [nil, part]))
        graph.outputs = [graph.addNode(named: "sum", .binary(Binary(.add)), [input, part])]
        try expectRight(graph, batches: [1])
    }
}
