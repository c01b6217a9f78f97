import Graphs
import Tensors
import Testing

@Suite struct PassTests {
    @Test("the validator sees what does not hold together") func validator() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let y = graph.addNode(named: "relu", .unary(Unary(.relu)), [x])
        graph.outputs = [y]
        try GraphValidator.check(graph)

        var twice = graph
        twice.nodes.append(graph.nodes[0])
        #expect(throws: GraphError.self) { try GraphValidator.check(twice) }
        var early = graph
        early.nodes.insert(Node(name: "early", operation: .unary(Unary(.tanh)), inputs: [y], outputs: []), at: 0)
        #expect(throws: GraphError.self) { try GraphValidator.check(early) }
        var outside = graph
        outside.outputs = [ValueID(99)]
        #expect(throws: GraphError.self) { try GraphValidator.check(outside) }
        var missing = graph
        missing.nodes = []
        let error = #expect(throws: GraphError.self) { try GraphValidator.check(missing) }
        #expect(error?.description.contains("relu") == true)
    }

    @Test("dead nodes, outputs and constants go") func deadCode() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let unused = Small.vector(&graph, "unused", [1])
        _ = graph.addNode(named: "dead", .binary(Binary(.add)), [x, unused])
        let (values, indices) = (graph.addValue(named: "values"), graph.addValue(named: "indices"))
        graph.nodes.append(
            Node(
                name: "pool",
                operation: .pooling(
                    Pooling(
                        kind: .maximum(columnMajorIndices: false), kernel: [2, 2], window: SpatialWindow(rank: 2))),
                inputs: [x], outputs: [values, indices]))
        graph.outputs = [values]
        let (result, count) = DeadCodeRemoval.apply(graph)
        try GraphValidator.check(result)
        #expect(count == 1)
        #expect(result.nodes.map(\.outputs) == [[values]])
        #expect(result.constants.isEmpty)
    }

    @Test("identities go, and outputs keep their names") func identities() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let a = graph.addNode(named: "a", .identity(Identity()), [x])
        let b = graph.addNode(named: "b", .unary(Unary(.relu)), [a])
        let c = graph.addNode(named: "c", .identity(Identity()), [b])
        let d = graph.addNode(named: "d", .identity(Identity()), [c])
        let e = graph.addNode(named: "e", .unary(Unary(.tanh)), [c])
        let same = graph.addNode(named: "same", .identity(Identity()), [x])
        graph.outputs = [c, d, e, same]
        let (result, count) = IdentityRemoval.apply(graph)
        try GraphValidator.check(result)
        #expect(result.outputs == [c, d, e, same])
        #expect(count == 2)
        // b makes c itself; d is a second name for it, and `same` one for an input: these stay.
        #expect(result.nodes.map(\.name) == ["b", "d", "e", "same"])
        #expect(result.nodes[0].outputs == [c])
        #expect(result.nodes[0].inputs == [x])
        #expect(result.nodes[2].inputs == [c])
    }

    @Test("small constants fold, large ones wait") func constants() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(3)])
        let a = Small.vector(&graph, "a", [1, 2, 3])
        let b = Small.vector(&graph, "b", [10, 20, 30])
        let sum = graph.addNode(named: "sum", .binary(Binary(.add)), [a, b])
        let large = Small.weights(&graph)
        let scaled = graph.addNode(named: "scaled", .binary(Binary(.multiply)), [large, large])
        let shape = graph.addNode(named: "shape", .shapeOf(ShapeOf()), [large])
        let y = graph.addNode(named: "y", .binary(Binary(.multiply)), [x, sum])
        graph.outputs = [y, scaled, shape]
        let (result, count) = ConstantFolding.apply(graph, evaluate: Small.evaluate)
        try GraphValidator.check(result)
        #expect(count == 2)
        #expect(result.nodes.map(\.name) == ["scaled", "y"])
        #expect(result.constants[sum]?.tensor?.elements(of: Float.self) == [11, 22, 33])
        #expect(result.constants[shape]?.tensor?.elements(of: Int64.self) == [3, 2, 3, 3])
    }

    @Test("activations in several nodes are recognised") func activations() throws {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let (three, six) = (
            graph.addConstant(named: "three", .tensor(Tensor(scalar: Float(3)))),
            graph.addConstant(named: "six", .tensor(Tensor(scalar: Float(6))))
        )
        let gate = graph.addNode(named: "gate", .unary(Unary(.sigmoid)), [x])
        let silu = graph.addNode(named: "silu", .binary(Binary(.multiply)), [gate, x])
        let hard = graph.addNode(named: "hard", .unary(Unary(.hardSigmoid, alpha: 1 / 6, beta: 0.5)), [silu])
        let swish = graph.addNode(named: "swish", .binary(Binary(.multiply)), [silu, hard])
        let shifted = graph.addNode(named: "shifted", .binary(Binary(.add)), [swish, three])
        let clipped = graph.addNode(named: "clipped", .unary(Unary(.clip, alpha: 0, beta: 6)), [shifted])
        let product = graph.addNode(named: "product", .binary(Binary(.multiply)), [swish, clipped])
        let spelled = graph.addNode(named: "spelled", .binary(Binary(.divide)), [product, six])
        let soft = graph.addNode(named: "soft", .unary(Unary(.softplus)), [spelled])
        let squashed = graph.addNode(named: "squashed", .unary(Unary(.tanh)), [soft])
        let mish = graph.addNode(named: "mish", .binary(Binary(.multiply)), [spelled, squashed])
        // Another slope is no hard swish.
        let steep = graph.addNode(named: "steep", .unary(Unary(.hardSigmoid, alpha: 0.2, beta: 0.5)), [mish])
        graph.outputs = [graph.addNode(named: "kept", .binary(Binary(.multiply)), [mish, steep])]
        let (result, reports) = try Passes.standard(graph)
        #expect(Small.names(result) == ["Swish", "HardSwish", "HardSwish", "Mish", "HardSigmoid", "Mul"])
        #expect(reports.first { $0.name == "recognise activations" }?.count == 4)
    }
}
