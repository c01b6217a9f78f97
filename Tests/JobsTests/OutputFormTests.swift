import Graphs
import Kernels
import Planning
import Tensors
import Testing

@testable import Jobs

/// How the outputs of a model count the items of a microbatch.
struct OutputFormTests {
    /// The forms of the outputs that `build` makes of an input [batch, 4, 5], and the graph as it is then.
    private func forms(
        microbatch: Int, _ build: (inout Graph, ValueID) -> [ValueID]
    ) throws -> (forms: [OutputForm], graph: Graph) {
        var graph = Graph(name: "forms")
        let input = graph.addInput(
            named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(4), .fixed(5)])
        graph.outputs = build(&graph, input)
        let item = InputBatching.InputForm(TensorType(.float32, [4, 5]))
        let batching = InputBatching(
            classes: [.init(inputs: [item], places: 0..<8)], microbatchSize: microbatch, itemCount: 8)
        let bound = try BoundGraph(
            graph, inputTypes: batching.inputTypes(of: batching.representative),
            evaluate: ConstantEvaluation.evaluator)
        let forms = try OutputForm.find(&graph, bound: bound, batching: batching, items: ItemForms())
        return (forms, graph)
    }

    private func reduced(_ graph: inout Graph, _ operand: ValueID, axis: Int64) -> ValueID {
        let axes = graph.addConstant(named: "axes\(axis)", .tensor(Tensor([axis])))
        return graph.addNode(
            named: "mean\(axis)", .reduction(Reduction(kind: .mean, keepsDimensions: false)), [operand, axes])
    }

    @Test(arguments: [1, 2, 4])
    func itemsOnAnyAxis(microbatch: Int) throws {
        let (forms, graph) = try forms(microbatch: microbatch) { graph, input in
            let turned = graph.addNode(
                named: "turned", .transpose(Transpose(permutation: [1, 0, 2])), [input])
            return [reduced(&graph, input, axis: 1), turned]
        }
        #expect(forms == [.rows, .rows])
        // Only the second is brought back.
        #expect(graph.nodes.map(\.name).filter { $0.hasSuffix("/items-first") } == ["turned/items-first"])
    }

    /// Four numbers for four items, none of them an item's: the mean over all items.
    @Test func extentsThatHappenToAgree() throws {
        #expect(throws: JobError.self) {
            try forms(microbatch: 4) { graph, input in [reduced(&graph, input, axis: 0)] }
        }
    }

    /// What no operator follows is told by what grows: all pairs of items.
    @Test func itemsThatMeet() throws {
        let (forms, graph) = try forms(microbatch: 4) { graph, input in
            let rows = graph.addNode(named: "rows", .flatten(Flatten()), [input])
            let columns = graph.addNode(named: "columns", .transpose(Transpose()), [rows])
            return [graph.addNode(named: "pairs", .matrixProduct(MatrixProduct()), [rows, columns])]
        }
        #expect(forms == [.rows] && graph.nodes.count == 3)
    }
}
