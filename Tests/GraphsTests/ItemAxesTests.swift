import Graphs
import Tensors
import Testing

/// Items followed from the inputs to the outputs.
struct ItemAxesTests {
    /// Where 3 items of 4 x 5 numbers lie in what `build` makes of them.
    private func place(_ build: (inout Graph, ValueID) -> ValueID) throws -> ItemAxes.Place {
        var graph = Graph(name: "items")
        let input = graph.addInput(
            named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(4), .fixed(5)])
        let output = build(&graph, input)
        graph.outputs = [output]
        let bound = try BoundGraph(
            graph, inputTypes: [TensorType(.float32, [3, 4, 5])], evaluate: Small.evaluate)
        return ItemAxes(bound, itemCount: 3, inputs: [input])[output]
    }

    private func reshaped(_ graph: inout Graph, _ operand: ValueID, _ extents: [Int64], _ name: String) -> ValueID {
        let shape = graph.addConstant(named: "\(name)/shape", .tensor(Tensor(extents)))
        return graph.addNode(named: name, .reshape(Reshape()), [operand, shape])
    }

    private func reduced(_ graph: inout Graph, _ operand: ValueID, axis: Int64) -> ValueID {
        let axes = graph.addConstant(named: "axes", .tensor(Tensor([axis])))
        return graph.addNode(
            named: "reduced", .reduction(Reduction(kind: .mean, keepsDimensions: false)), [operand, axes])
    }

    @Test func movedAside() throws {
        let place = try place { graph, input in
            let turned = graph.addNode(
                named: "turned", .transpose(Transpose(permutation: [1, 0, 2])), [input])
            return graph.addNode(named: "soft", .softmax(Softmax(axis: 0)), [turned])
        }
        #expect(place == .axis(1))
    }

    /// As exporters write linear layers: batch and sequence as one axis, and apart again.
    @Test func mergedAndSplit() throws {
        let place = try place { graph, input in
            let rows = reshaped(&graph, input, [-1, 5], "rows")
            let weights = graph.addConstant(
                named: "weights", .tensor(Tensor([Float](repeating: 1, count: 30), shape: [5, 6])))
            let product = graph.addNode(named: "product", .matrixProduct(MatrixProduct()), [rows, weights])
            let heads = reshaped(&graph, product, [-1, 4, 2, 3], "heads")
            return graph.addNode(named: "out", .transpose(Transpose(permutation: [0, 2, 1, 3])), [heads])
        }
        #expect(place == .axis(0))
    }

    @Test func heldTogether() throws {
        // Each item as four successive rows: still apart, along an axis that is longer than the items are many.
        #expect(try place { graph, input in reshaped(&graph, input, [-1, 5], "rows") } == .axis(0))
        // The items as the inner part of an axis.
        let inner = try place { graph, input in
            let turned = graph.addNode(
                named: "turned", .transpose(Transpose(permutation: [1, 0, 2])), [input])
            return reshaped(&graph, turned, [-1, 5], "rows")
        }
        #expect(inner == .mixed)
    }

    @Test func overOtherAxes() throws {
        #expect(try place { graph, input in reduced(&graph, input, axis: 1) } == .axis(0))
        #expect(try place { graph, input in reduced(&graph, input, axis: 0) } == .mixed)
    }

    /// Products of all items with all items, the items in another order, and two microbatches in one.
    @Test func mixed() throws {
        let products = try place { graph, input in
            let rows = graph.addNode(named: "rows", .flatten(Flatten()), [input])
            let columns = graph.addNode(named: "columns", .transpose(Transpose()), [rows])
            return graph.addNode(named: "products", .matrixProduct(MatrixProduct()), [rows, columns])
        }
        #expect(products == .mixed)
        let reversed = try place { graph, input in
            let operands = [Int64(-1), -100, 0, -1].enumerated().map { index, number in
                graph.addConstant(named: "slice\(index)", .tensor(Tensor([number])))
            }
            return graph.addNode(named: "reversed", .slice(Slice()), [input] + operands)
        }
        #expect(reversed == .mixed)
        let doubled = try place { graph, input in
            graph.addNode(named: "doubled", .concatenation(Concatenation(axis: 0)), [input, input])
        }
        #expect(doubled == .mixed)
    }

    /// What is mixed once stays so, and what takes nothing of the items holds none.
    @Test func stays() throws {
        let again = try place { graph, input in
            let mean = reduced(&graph, input, axis: 0)
            return graph.addNode(named: "sum", .binary(Binary(.add)), [input, mean])
        }
        #expect(again == .mixed)
        let constant = try place { graph, input in
            graph.addNode(named: "shape", .shapeOf(ShapeOf()), [input])
        }
        #expect(constant == .nowhere)
    }

    /// An input that is the same for all items beside one that counts them.
    @Test func sharedInputs() throws {
        var graph = Graph(name: "shared")
        let ids = graph.addInput(named: "ids", dtype: .int64, dimensions: [.symbol("batch"), .fixed(2)])
        let table = graph.addInput(named: "table", dtype: .float32, dimensions: [.fixed(2), .fixed(2)])
        let rows = graph.addNode(named: "rows", .gather(Gather(axis: 1)), [table, ids])
        graph.outputs = [rows]
        let bound = try BoundGraph(
            graph, inputTypes: [TensorType(.int64, [2, 2]), TensorType(.float32, [2, 2])], evaluate: Small.evaluate)
        let places = ItemAxes(bound, itemCount: 2, inputs: [ids])
        #expect(places[rows] == .axis(1) && places[table] == .nowhere)
    }
}
