import Graphs
import Tensors
import Testing

/// What is known of control flow before it runs.
@Suite struct ControlFlowTests {
    private let evaluate: ConstantEvaluator = { _, _, _ in throw GraphError("nothing to evaluate") }

    /// x -> relu, or x -> x and x.
    private func branches(agree: Bool) -> Conditional {
        var then = Graph(name: "then")
        let first = then.addParameter(named: "x")
        then.outputs = [then.addNode(named: "relu", .unary(Unary(.relu)), [first])]
        var otherwise = Graph(name: "else")
        let second = otherwise.addParameter(named: "x")
        otherwise.outputs = [
            agree
                ? second : otherwise.addNode(named: "twice", .concatenation(Concatenation(axis: 0)), [second, second])
        ]
        return Conditional(thenBranch: then, elseBranch: otherwise)
    }

    private func graph(_ conditional: Conditional, condition: Bool?) -> Graph {
        var graph = Graph(name: "if")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(3)])
        let flag =
            condition.map { graph.addConstant(named: "flag", .tensor(Tensor(scalar: $0))) }
            ?? graph.addInput(named: "flag", dtype: .bool, dimensions: [])
        graph.outputs = [graph.addNode(named: "if", .conditional(conditional), [flag, x])]
        return graph
    }

    private func bind(_ graph: Graph) throws -> BoundGraph {
        try BoundGraph(graph, inputTypes: graph.inputTypes(symbols: [:]), evaluate: evaluate)
    }

    @Test func branchesThatAgreeHaveAType() throws {
        let agreed = try bind(graph(branches(agree: true), condition: nil))
        #expect(agreed.type(of: agreed.graph.outputs[0]) == TensorType(.float32, [3]))
        let open = try bind(graph(branches(agree: false), condition: nil))
        #expect(open.type(of: open.graph.outputs[0]) == nil)
        #expect(open.isDeferred == [true])
        let settled = try bind(graph(branches(agree: false), condition: false))
        #expect(settled.type(of: settled.graph.outputs[0]) == TensorType(.float32, [6]))
    }

    @Test func settledBranchesAreInlined() throws {
        for condition in [true, false] {
            let graph = graph(branches(agree: false), condition: condition)
            let (inlined, reports) = try Passes.standard(graph)
            #expect(inlined.nodes.map(\.operation.name) == [condition ? "Relu" : "Concat"])
            #expect(inlined.nodes[0].outputs == [graph.outputs[0]])
            #expect(reports.first { $0.name == "inline branches" }?.count == 1)
        }
        // What a branch only passes on is copied: the output keeps its name.
        let (handed, _) = try Passes.standard(graph(branches(agree: true), condition: false))
        #expect(handed.nodes.map(\.operation.name) == ["Identity"])
    }

    /// A product with constant weights of 4 x 4, `trips` times; from outside comes what is added.
    private func loop(trips: Int64?, grows: Bool) -> Graph {
        var body = Graph(name: "body")
        _ = body.addParameter(named: "iteration")
        let condition = body.addParameter(named: "condition")
        let state = body.addParameter(named: "state")
        let added = body.addParameter(named: "added")
        let weights = body.addConstant(named: "w", .tensor(Tensor(zeros: .float32, shape: [4, 4])))
        let product = body.addNode(named: "product", .matrixProduct(MatrixProduct()), [state, weights])
        let next =
            grows
            ? body.addNode(named: "next", .concatenation(Concatenation(axis: 0)), [product, added])
            : body.addNode(named: "next", .binary(Binary(.add)), [product, added])
        body.outputs = [condition, next, product]
        var graph = Graph(name: "loop")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(2), .fixed(4)])
        let limit =
            trips.map { graph.addConstant(named: "trips", .tensor(Tensor(scalar: $0))) }
            ?? graph.addInput(named: "trips", dtype: .int64, dimensions: [])
        let last = graph.addValue(named: "last")
        let stacked = graph.addValue(named: "stacked")
        graph.nodes.append(
            Node(
                name: "loop", operation: .loop(Loop(body: body, stateCount: 1)), inputs: [limit, nil, x, x],
                outputs: [last, stacked]))
        graph.outputs = [last, stacked]
        return graph
    }

    @Test func loopsHaveTypesAndCostsWhereTheirTripsAreKnown() throws {
        let known = try bind(loop(trips: 5, grows: false))
        #expect(
            known.graph.outputs.map(known.type) == [TensorType(.float32, [2, 4]), TensorType(.float32, [5, 2, 4])])
        let once = try bind(loop(trips: 1, grows: false)).cost(of: NodeID(0)).flops
        #expect(once >= 2 * 2 * 4 * 4)
        #expect(known.cost(of: NodeID(0)).flops == 5 * once)
        let open = try bind(loop(trips: nil, grows: false))
        #expect(open.graph.outputs.map(open.type) == [TensorType(.float32, [2, 4]), nil])
        let growing = try bind(loop(trips: 5, grows: true))
        #expect(growing.graph.outputs.map(growing.type) == [nil, nil])
    }

    @Test func bodiesThatDoNotFitAreRefused() throws {
        var graph = loop(trips: 5, grows: false)
        graph.nodes[0].inputs.removeLast()
        let error = #expect(throws: GraphError.self) { try GraphValidator.check(graph) }
        #expect(error?.description.contains("'loop' (Loop): its body 'body' takes 4 values, and gets 3") == true)
        #expect(throws: GraphError.self) { try bind(graph) }
        var outputs = loop(trips: 5, grows: false)
        var bodies = outputs.nodes[0].operation.bodies
        bodies[0].outputs.removeLast(2)
        outputs.nodes[0].operation.bodies = bodies
        #expect(throws: GraphError.self) { try GraphValidator.check(outputs) }
        // The message about a mistake inside names the node around it.
        var inside = loop(trips: 5, grows: false)
        bodies = inside.nodes[0].operation.bodies
        bodies[0].constants = bodies[0].constants.mapValues { _ in .tensor(Tensor(zeros: .float32, shape: [3, 4])) }
        inside.nodes[0].operation.bodies = bodies
        let mismatch = #expect(throws: GraphError.self) { try bind(inside) }
        #expect(mismatch?.description.contains("node 'loop' (Loop)") == true)
        #expect(mismatch?.description.contains("node 'product' (MatMul)") == true)
    }

    @Test func constantsMoveIntoBodies() throws {
        var graph = loop(trips: 5, grows: false)
        let constant = graph.addConstant(named: "c", .tensor(Tensor(zeros: .float32, shape: [2, 4])))
        graph.nodes[0].inputs[3] = constant
        let rewritten = try Passes.standard(graph).graph
        #expect(rewritten.nodes[0].inputs.count == 3)
        #expect(rewritten.nodes[0].operation.bodies[0].constants.count == 2)
        #expect(rewritten.nodes[0].operation.bodies[0].parameters.count == 3)
    }

    @Test func sequencesWithNamedElementsAreLowered() throws {
        var graph = Graph(name: "sequence")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(6), .fixed(2)])
        let y = graph.addNode(named: "y", .unary(Unary(.relu)), [x])
        let list = graph.addNode(named: "list", .sequence(SequenceOperator(.construct)), [x, y])
        let last = graph.addConstant(named: "last", .tensor(Tensor(scalar: Int64(-1))))
        let longer = graph.addNode(named: "longer", .sequence(SequenceOperator(.insert)), [list, x])
        let joined = graph.addNode(
            named: "joined", .sequence(SequenceOperator(.concatenate(axis: 0, addsAxis: true))), [longer])
        let rows = graph.addNode(
            named: "rows", .sequence(SequenceOperator(.split(axis: 0, keepsAxis: false))), [y])
        let row = graph.addNode(named: "row", .sequence(SequenceOperator(.element)), [rows, last])
        graph.outputs = [joined, row]
        let lowered = try Passes.standard(graph).graph
        #expect(!lowered.nodes.contains { if case .sequence = $0.operation { true } else { false } })
        let types = lowered.inputs.map { _ in TensorType(.float32, [6, 2]) }
        let bound = try BoundGraph(lowered, inputTypes: types, evaluate: evaluate)
        #expect(lowered.outputs.map(bound.type) == [TensorType(.float32, [3, 6, 2]), TensorType(.float32, [2])])
    }

    @Test func sequencesThatStayAreEnclosed() throws {
        var graph = Graph(name: "sequence")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.fixed(6), .fixed(2)])
        let before = graph.addNode(named: "before", .unary(Unary(.relu)), [x])
        let rows = graph.addNode(
            named: "rows", .sequence(SequenceOperator(.split(axis: 0, keepsAxis: true))), [before])
        let other = graph.addNode(named: "other", .unary(Unary(.tanh)), [before])
        let more = graph.addNode(named: "more", .sequence(SequenceOperator(.insert)), [rows, other])
        let joined = graph.addNode(
            named: "joined", .sequence(SequenceOperator(.concatenate(axis: 0, addsAxis: false))), [more])
        graph.outputs = [graph.addNode(named: "after", .unary(Unary(.sigmoid)), [joined])]
        let enclosed = try Passes.standard(graph).graph
        #expect(enclosed.nodes.map(\.operation.name) == ["Relu", "Tanh", "Enclosure", "Sigmoid"])
        #expect(enclosed.nodes[2].operation.bodies[0].nodes.count == 3)
    }
}
