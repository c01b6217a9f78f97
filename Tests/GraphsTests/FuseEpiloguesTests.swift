import Graphs
import Tensors
import Testing

@Suite struct FuseEpiloguesTests {
    private func fuse(_ graph: Graph) throws -> Graph {
        let types = graph.inputs.map { input in
            TensorType(
                input.dtype,
                Shape(
                    input.dimensions.map { dimension in
                        if case .fixed(let extent) = dimension { extent } else { 5 }
                    }))
        }
        let bound = try BoundGraph(graph, inputTypes: types, evaluate: Small.evaluate)
        let result = FuseEpilogues.apply(graph, types: bound.types)
        try GraphValidator.check(result)
        #expect(result.outputs == graph.outputs)
        let again = try BoundGraph(result, inputTypes: types, evaluate: Small.evaluate)
        #expect(result.outputs.map(again.type) == graph.outputs.map(bound.type))
        return result
    }

    /// A block of a residual network whose shortcut is a convolution of its own.
    private func block(shortcutFirst: Bool, outputsInner: Bool = false) -> Graph {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let weights = Small.weights(&graph)
        let bias = Small.vector(&graph, "bias", [1, 2, 3])
        var values: [ValueID] = []
        for name in shortcutFirst ? ["shortcut", "main"] : ["main", "shortcut"] {
            values.append(graph.addNode(named: name, Small.convolution, [x, weights, bias]))
        }
        let sum = graph.addNode(named: "sum", .binary(Binary(.add)), values)
        let relu = graph.addNode(named: "relu", .unary(Unary(.relu)), [sum])
        graph.outputs = [relu] + (outputsInner ? [sum] : [])
        return graph
    }

    @Test("residual, then activation, into the later convolution", arguments: [false, true])
    func residual(_ shortcutFirst: Bool) throws {
        let result = try fuse(block(shortcutFirst: shortcutFirst))
        #expect(result.nodes.count == 2)
        #expect(result.nodes[0].inputs.count == 3)
        #expect(result.nodes[1].inputs[3] == result.nodes[0].outputs[0])
        guard case .convolution(let attributes) = result.nodes[1].operation else {
            Issue.record("no convolution")
            return
        }
        #expect(attributes.activation == Unary(.relu))
        #expect(result.nodes[1].outputs == result.outputs)
    }

    @Test("a stage's outputs stay") func outputs() throws {
        let result = try fuse(block(shortcutFirst: true, outputsInner: true))
        #expect(Small.names(result) == ["Conv", "Conv", "Relu"])
    }

    @Test("values with two uses stay, and so does a sum of one value with itself") func uses() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let weights = Small.weights(&graph)
        let a = graph.addNode(named: "a", Small.convolution, [x, weights])
        let b = graph.addNode(named: "b", .unary(Unary(.relu)), [a])
        let c = graph.addNode(named: "c", .unary(Unary(.tanh)), [a])
        let d = graph.addNode(named: "d", .binary(Binary(.add)), [b, c])
        let e = graph.addNode(named: "e", Small.convolution, [x, weights])
        let f = graph.addNode(named: "f", .binary(Binary(.add)), [e, e])
        graph.outputs = [d, f]
        #expect(try fuse(graph).nodes.count == graph.nodes.count)
    }

    @Test("a residual that broadcasts is no residual") func broadcasts() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let row = graph.addInput(named: "row", dtype: .float32, dimensions: [.fixed(4)])
        let conv = graph.addNode(named: "conv", Small.convolution, [x, Small.weights(&graph)])
        graph.outputs = [graph.addNode(named: "sum", .binary(Binary(.add)), [row, conv])]
        #expect(Small.names(try fuse(graph)) == ["Conv", "Add"])
    }

    @Test("a bias over the last axis, then an activation, into matrix products") func bias() throws {
        for isGemm in [false, true] {
            var graph = Graph(name: "g")
            let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.symbol("batch"), .fixed(5)])
            let region = FileRegion(path: "/nowhere", offset: 0, byteCount: 60)
            let weights = graph.addConstant(named: "w", .file(region, TensorType(.float32, [5, 3])))
            let bias = Small.vector(&graph, "bias", [1, 2, 3])
            let product = graph.addNode(
                named: "product", isGemm ? .gemm(Gemm(beta: 3)) : .matrixProduct(MatrixProduct()), [x, weights])
            let sum = graph.addNode(named: "sum", .binary(Binary(.add)), [bias, product])
            graph.outputs = [graph.addNode(named: "gelu", .unary(Unary(.gelu)), [sum])]
            let result = try fuse(graph)
            #expect(result.nodes.count == 1)
            #expect(result.nodes[0].inputs == [x, weights, bias])
            switch result.nodes[0].operation {
            case .gemm(let attributes): #expect(attributes.beta == 1 && attributes.activation == Unary(.gelu))
            case .matrixProduct(let attributes): #expect(attributes.activation == Unary(.gelu))
            default: Issue.record("no product")
            }
        }
    }

    @Test("a product with a vector has no bias to take") func vector() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(3), .fixed(5)])
        let weights = Small.vector(&graph, "w", [1, 2, 3, 4, 5])
        let bias = Small.vector(&graph, "bias", [1, 2, 3])
        let product = graph.addNode(named: "product", .matrixProduct(MatrixProduct()), [x, weights])
        graph.outputs = [graph.addNode(named: "sum", .binary(Binary(.add)), [product, bias])]
        #expect(Small.names(try fuse(graph)) == ["MatMul", "Add"])
    }

    @Test("after an activation nothing else fits") func order() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let weights = Small.weights(&graph)
        let a = graph.addNode(named: "a", Small.convolution, [x, weights])
        let b = graph.addNode(named: "b", Small.convolution, [x, weights])
        let c = graph.addNode(named: "c", .unary(Unary(.relu)), [b])
        let d = graph.addNode(named: "d", .binary(Binary(.add)), [a, c])
        graph.outputs = [graph.addNode(named: "e", .unary(Unary(.exponential)), [d])]
        #expect(Small.names(try fuse(graph)) == ["Conv", "Conv", "Add", "Exp"])
    }
}
