import Graphs
import SwiftProtobuf
import Tensors
import Testing

@testable import ModelFormats

/// Bodies of control flow, and functions that a model defines.
@Suite struct BodyImportTests {
    private func load(_ model: Onnx_ModelProto) throws -> Graph {
        let folder = try TemporaryFolder()
        return try ONNXImporter.load(path: try folder.write(model), payloadLimit: 64).graph
    }

    private func message(_ model: Onnx_ModelProto) -> String {
        do {
            _ = try load(model)
            return ""
        } catch {
            return "\(error)"
        }
    }

    private func graph(
        _ name: String, _ nodes: [Onnx_NodeProto], inputs: [String] = [], outputs: [String],
        initializers: [Onnx_TensorProto] = []
    ) -> Onnx_GraphProto {
        var graph = Onnx_GraphProto()
        graph.name = name
        graph.node = nodes
        graph.input = inputs.map { TinyModel.value($0, []) }
        graph.output = outputs.map { TinyModel.value($0, []) }
        graph.initializer = initializers
        return graph
    }

    private func node(
        _ type: String, _ inputs: [String], _ outputs: [String], _ bodies: [String: Onnx_GraphProto]
    ) -> Onnx_NodeProto {
        var node = TinyModel.node(type, type.lowercased(), inputs, outputs)
        for (name, body) in bodies.sorted(by: { $0.key < $1.key }) {
            var attribute = Onnx_AttributeProto()
            attribute.name = name
            attribute.type = .graph
            attribute.g = body
            node.attribute.append(attribute)
        }
        return node
    }

    private func model(
        _ nodes: [Onnx_NodeProto], initializers: [Onnx_TensorProto] = [], output: String = "y"
    ) -> Onnx_ModelProto {
        TinyModel.model(
            nodes, initializers: initializers,
            inputs: [TinyModel.value("x", [nil, 2]), TinyModel.value("flag", [], type: 9)],
            outputs: [TinyModel.value(output, [])])
    }

    // MARK: Bodies

    @Test func capturedValuesBecomeOperandsAndConstantsMoveIn() throws {
        // Both branches take x; one takes a constant, the other, in a branch of its own, what an outer node makes.
        let inner = node(
            "If", ["flag"], ["i"],
            [
                "then_branch": graph("a", [TinyModel.node("Neg", "neg", ["r"], ["a"])], outputs: ["a"]),
                "else_branch": graph("b", [TinyModel.node("Add", "add", ["x", "w"], ["b"])], outputs: ["b"]),
            ])
        let outer = node(
            "If", ["flag"], ["y"],
            [
                "then_branch": graph("t", [TinyModel.node("Mul", "mul", ["x", "w"], ["t"])], outputs: ["t"]),
                "else_branch": graph("e", [inner], outputs: ["i"]),
            ])
        let graph = try load(
            model(
                // The file's order puts the node before one whose value its body takes.
                [outer, TinyModel.node("Relu", "relu", ["x"], ["r"])],
                initializers: [TinyModel.tensor("w", [2], [1, 2])]))
        try GraphValidator.check(graph)
        let last = try #require(graph.nodes.last)
        #expect(last.inputs.map { graph.name(of: $0!) } == ["flag", "x", "flag", "r"])
        let bodies = last.operation.bodies
        #expect(bodies.map { $0.parameters.count } == [3, 3])
        #expect(bodies[0].constants.count == 1)
        let nested = try #require(bodies[1].nodes.first)
        #expect(nested.inputs.map { bodies[1].name(of: $0!) } == ["flag", "r", "x"])
        #expect(nested.operation.bodies[1].constants.count == 1)
    }

    @Test func operatorsThatAreNotSupportedAreFoundInBodies() throws {
        let body = graph("t", [TinyModel.node("Frobnicate", "odd", ["x"], ["t"])], outputs: ["t"])
        let graph = try load(model([node("If", ["flag"], ["y"], ["then_branch": body, "else_branch": body])]))
        #expect(graph.unsupportedOperators().map(\.name) == ["Frobnicate"])
        #expect(graph.unsupportedOperators().map(\.nodes) == [2])
    }

    @Test func damagedBodies() throws {
        let fine = graph("t", [TinyModel.node("Relu", "relu", ["x"], ["t"])], outputs: ["t"])
        #expect(
            message(model([node("If", ["flag"], ["y"], ["then_branch": fine])])).contains("'else_branch' is missing"))
        #expect(
            message(
                model([
                    node(
                        "If", ["flag"], ["y"],
                        ["then_branch": fine, "else_branch": graph("e", [], outputs: ["nowhere"])])
                ])
            ).contains("takes 'nowhere', which is no input"))
        #expect(
            message(
                model([
                    node("If", ["flag"], ["y"], ["then_branch": fine, "else_branch": graph("e", [], outputs: [])])
                ])
            ).contains("in its body 'else_branch': the graph has no output"))
        // A body that takes what its own node makes.
        let cyclic = graph("t", [TinyModel.node("Relu", "relu", ["y"], ["t"])], outputs: ["t"])
        #expect(
            message(model([node("If", ["flag"], ["y"], ["then_branch": cyclic, "else_branch": fine])]))
                .contains("form a cycle"))
        // Loops whose bodies take and make too little.
        let body = graph(
            "b", [TinyModel.node("Identity", "same", ["cond"], ["again"])], inputs: ["n", "cond"], outputs: ["again"])
        #expect(
            message(model([node("Loop", ["", "flag", "x"], ["y"], ["body": body])]))
                .contains("its body takes 2 values, and gets 3"))
        let short = graph(
            "b", [TinyModel.node("Identity", "same", ["cond"], ["again"])], inputs: ["n", "cond", "s"],
            outputs: ["again"])
        #expect(
            message(model([node("Loop", ["", "flag", "x"], ["y"], ["body": short])]))
                .contains("its body makes 1 values, and 2 are needed"))
        var scan = node("Scan", ["x"], ["y"], ["body": short])
        var count = Onnx_AttributeProto()
        count.name = "num_scan_inputs"
        count.type = .int
        count.i = 7
        scan.attribute.append(count)
        #expect(message(model([scan])).contains("num_scan_inputs is 7"))
    }

    // MARK: Functions

    private func function(
        _ name: String, _ nodes: [Onnx_NodeProto], inputs: [String], outputs: [String], attributes: [String] = []
    ) -> Onnx_FunctionProto {
        var function = Onnx_FunctionProto()
        function.domain = "own"
        function.name = name
        function.input = inputs
        function.output = outputs
        function.attribute = attributes
        function.node = nodes
        return function
    }

    private func call(_ name: String, _ label: String, _ inputs: [String], _ outputs: [String]) -> Onnx_NodeProto {
        var node = TinyModel.node(name, label, inputs, outputs)
        node.domain = "own"
        return node
    }

    @Test func functionsAreInlined() throws {
        var slope = Onnx_AttributeProto()
        slope.name = "alpha"
        slope.refAttrName = "slope"
        slope.type = .float
        var leaky = TinyModel.node("LeakyRelu", "leaky", ["a"], ["b"])
        leaky.attribute = [slope]
        var inner = function("inner", [leaky], inputs: ["a"], outputs: ["b"], attributes: ["slope"])
        var standard = Onnx_AttributeProto()
        standard.name = "slope"
        standard.type = .float
        standard.f = 0.25
        inner.attributeProto = [standard]
        let outer = function(
            "outer", [call("inner", "first", ["p"], ["m"]), TinyModel.node("Add", "add", ["m", "p"], ["q"])],
            inputs: ["p"], outputs: ["q", "p"])
        var model = model([
            call("outer", "one", ["x"], ["h", "copy"]), call("outer", "two", ["h"], ["k"]),
            TinyModel.node("Add", "sum", ["k", "copy"], ["y"]),
        ])
        model.functions = [outer, inner]
        let graph = try load(model)
        try GraphValidator.check(graph)
        #expect(
            graph.nodes.map(\.name) == [
                "one/first/leaky", "one/add", "one/copy", "two/first/leaky", "two/add", "sum",
            ])
        guard case .unary(let unary) = graph.nodes[0].operation else {
            Issue.record("no activation")
            return
        }
        #expect(unary == Unary(.leakyRelu, alpha: 0.25))
    }

    @Test func functionsFollowTheirOwnOperatorSet() throws {
        // Axes are an attribute before opset 13, which the model itself follows in a later form.
        var narrow = function(
            "narrow", [TinyModel.node("Unsqueeze", "wider", ["a"], ["b"], ints: ["axes": [0]])], inputs: ["a"],
            outputs: ["b"])
        var version = Onnx_OperatorSetIdProto()
        version.version = 11
        narrow.opsetImport = [version]
        var model = model([call("narrow", "one", ["x"], ["y"])])
        model.functions = [narrow]
        #expect(try load(model).unsupportedOperators().isEmpty)
    }

    @Test func functionsThatCannotBeInlined() throws {
        let first = function("first", [call("second", "b", ["a"], ["b"])], inputs: ["a"], outputs: ["b"])
        let second = function("second", [call("first", "c", ["a"], ["b"])], inputs: ["a"], outputs: ["b"])
        var model = model([call("first", "one", ["x"], ["y"])])
        model.functions = [first, second]
        #expect(message(model).contains("a function calls itself: 'first' calls 'second' calls 'first'"))
        model.functions = [
            function("first", [TinyModel.node("Relu", "r", ["a"], ["b"])], inputs: ["a"], outputs: ["b"])
        ]
        model.graph.node = [call("first", "one", ["x", "flag"], ["y"])]
        #expect(message(model).contains("calls 'own.first' with 2 operands and 1 outputs; it has 1 and 1"))
        model.functions = [first, first]
        #expect(message(model).contains("two functions are named 'own.first'"))
        // Each calls the next twice: 2^30 nodes.
        model.functions = (0..<30).map { level in
            function(
                "f\(level)",
                level == 29
                    ? [TinyModel.node("Relu", "r", ["a"], ["b"])]
                    : [
                        call("f\(level + 1)", "u", ["a"], ["m"]), call("f\(level + 1)", "v", ["m"], ["b"]),
                    ], inputs: ["a"], outputs: ["b"])
        }
        model.graph.node = [call("f0", "one", ["x"], ["y"])]
        #expect(message(model).contains("its functions come to more than"))
    }
}
