import Graphs
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// Nodes of which a later result is needed, and the first is not.
struct FirstResultTests {
    private static let operations: [(operation: Operation, operands: [[Int]])] = [
        (
            .pooling(
                Pooling(kind: .maximum(columnMajorIndices: false), kernel: [2, 2], window: SpatialWindow(rank: 2))),
            [[1, 2, 5, 4]]
        ),
        (.layerNormalization(LayerNormalization(axis: -1)), [[3, 6], [6], [6]]),
        (.attention(Attention()), [[1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 4]]),
        (.topK(TopK()), [[2, 7], []]),
    ]

    @Test(arguments: operations.indices) func laterResultsAreTheSame(index: Int) throws {
        let (operation, operands) = Self.operations[index]
        func second(isAlone: Bool) throws -> [UInt8] {
            var graph = Graph(name: "g")
            var fed: [ValueID: Tensor] = [:]
            var inputs: [ValueID?] = []
            for (place, shape) in operands.enumerated() {
                guard !shape.isEmpty else {
                    inputs.append(graph.addConstant(named: "c\(place)", .tensor(Tensor([Int64(2)]))))
                    continue
                }
                let value = graph.addInput(
                    named: "x\(place)", dtype: .float32, dimensions: shape.map { .fixed($0) })
                let numbers = (0..<shape.reduce(1, *)).map { Float(($0 * 37 + place * 11) % 23) / 7 - 1 }
                fed[value] = Tensor(numbers, shape: Shape(shape))
                inputs.append(value)
            }
            let (first, second) = (graph.addValue(named: "first"), graph.addValue(named: "second"))
            graph.nodes.append(Node(name: "n", operation: operation, inputs: inputs, outputs: [first, second]))
            graph.outputs = isAlone ? [second] : [first, second]
            graph = DeadCodeRemoval.apply(graph).graph
            let bound = try BoundGraph(
                graph, inputTypes: graph.inputTypes(symbols: [:]), evaluate: ConstantEvaluation.evaluator)
            let model = try CompiledModel(bound, starts: [0], pool: WorkerPool(threadCount: 1))
            return try #require(model.run(fed)[second]).bytes
        }
        #expect(try second(isAlone: true) == second(isAlone: false))
    }
}
