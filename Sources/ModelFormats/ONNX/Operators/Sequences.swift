internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Lists of tensors, and values that may be nothing.
    static let sequences: [String: ONNXOperator] = [
        "SequenceConstruct": ONNXOperator([11], inputs: anyNumber, convert: sequence(.construct)),
        "SequenceEmpty": ONNXOperator([11], inputs: 0) { node, assembly throws(ConversionError) in
            node.ignore("dtype")
            try sequence(.empty)(node, &assembly)
        },
        "SequenceInsert": ONNXOperator([11], inputs: 2...3, convert: sequence(.insert)),
        "SequenceErase": ONNXOperator([11], inputs: 1...2, convert: sequence(.erase)),
        "SequenceAt": ONNXOperator([11], inputs: 2, convert: sequence(.element)),
        "SequenceLength": ONNXOperator([11], inputs: 1, convert: sequence(.length)),
        "SplitToSequence": ONNXOperator([11, 24], inputs: 1...2) { node, assembly throws(ConversionError) in
            let kind = SequenceOperator.Kind.split(
                axis: try node.int("axis") ?? 0, keepsAxis: try node.flag("keepdims", default: true))
            try sequence(kind)(node, &assembly)
        },
        "ConcatFromSequence": ONNXOperator([11], inputs: 1) { node, assembly throws(ConversionError) in
            let kind = SequenceOperator.Kind.concatenate(
                axis: try node.requiredInt("axis"), addsAxis: try node.flag("new_axis"))
            try sequence(kind)(node, &assembly)
        },
        "SequenceMap": ONNXOperator([17], inputs: anyNumber, outputs: anyNumber) {
            node, assembly throws(ConversionError) in
            try map(node, &assembly)
        },
        "Optional": ONNXOperator([15, 28], inputs: 0...1) { node, assembly throws(ConversionError) in
            node.ignore("type")
            if node.input(0) == nil {
                assembly.finish(node, .optional(OptionalOperator(.empty)), [])
            } else {
                if let operand = node.input(0), assembly.isSequence(operand), let output = node.outputs[0] {
                    assembly.noteSequence(output)
                }
                assembly.finish(node, .identity(Identity()), node.inputs)
            }
        },
        "OptionalGetElement": ONNXOperator([15, 18, 28], inputs: 1) { node, assembly throws(ConversionError) in
            if let operand = node.input(0), assembly.isSequence(operand), let output = node.outputs[0] {
                assembly.noteSequence(output)
            }
            assembly.finish(node, .optional(OptionalOperator(.element)), node.inputs)
        },
        "OptionalHasElement": ONNXOperator(
            [15, 18, 28], inputs: 0...1, convert: ONNXNode.direct(.optional(OptionalOperator(.hasElement)))),
    ]

    private static func sequence(_ kind: SequenceOperator.Kind) -> Conversion {
        { node, assembly throws(ConversionError) in
            let attributes = SequenceOperator(kind)
            if attributes.makesSequence, let output = node.outputs.first ?? nil { assembly.noteSequence(output) }
            assembly.finish(node, .sequence(attributes), node.inputs)
        }
    }

    /// A loop over the elements of the first operand whose states are the sequences of results.
    private static func map(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let bodies = try assembly.bodies(node, ["body"])
        var body = bodies.graphs[0]
        let own = body.parameters.prefix(body.parameters.count - bodies.captured.count)
        guard own.count == node.inputs.count, body.outputs.count >= node.outputs.count else {
            throw .malformed(
                "its body takes \(own.count) values and makes \(body.outputs.count); it gets \(node.inputs.count), and "
                    + "\(node.outputs.count) are wanted")
        }
        let captured = Array(body.parameters.dropFirst(own.count))
        let iteration = body.addValue(named: "iteration")
        let condition = body.addValue(named: "condition")
        let states = body.outputs.indices.map { body.addValue(named: "sequence\($0)") }
        var fed: [ValueID] = []
        var picks: [Node] = []
        for (index, (element, operand)) in zip(own, node.inputs).enumerated() {
            guard let operand else { throw .malformed("operand \(index) is missing") }
            // Behind the first operand there may be tensors, which each element gets whole.
            guard index == 0 || assembly.isSequence(operand) else {
                fed.append(element)
                continue
            }
            let whole = body.addValue(named: "operand\(index)")
            fed.append(whole)
            picks.append(
                Node(
                    name: "element\(index)", operation: .sequence(SequenceOperator(.element)),
                    inputs: [whole, iteration], outputs: [element]))
        }
        body.nodes = picks + body.nodes
        var results: [ValueID] = []
        for (index, output) in body.outputs.enumerated() {
            results.append(
                body.addNode(
                    named: "insert\(index)", .sequence(SequenceOperator(.insert)), [states[index], output]))
        }
        body.parameters = [iteration, condition] + states + fed + captured
        body.outputs = [condition] + results
        let length = assembly.emit(node, "length", .sequence(SequenceOperator(.length)), [node.inputs[0]])
        let empty = states.indices.map { index in
            assembly.emit(node, "empty\(index)", .sequence(SequenceOperator(.empty)), [])
        }
        for case let output? in node.outputs { assembly.noteSequence(output) }
        assembly.finish(
            node, .loop(Loop(body: body, stateCount: states.count)),
            [length, nil] + empty + node.inputs + bodies.captured)
    }
}
