internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// The same elements under another shape, in another order, or a part of them.
    static let layout: [String: ONNXOperator] = [
        "Identity": ONNXOperator(
            [1, 13, 14, 16, 19, 21, 23, 24, 25], inputs: 1, convert: ONNXNode.direct(.identity(Identity()))),
        "Reshape": ONNXOperator([1, 5, 13, 14, 19, 21, 23, 24, 25], inputs: 1...2) {
            node, assembly throws(ConversionError) in
            let shape: ValueID
            if node.version < 5 {
                shape = assembly.addConstant(node, "shape", Tensor(try node.unboundedInts("shape") ?? []))
            } else {
                shape = try node.requiredInput(1)
            }
            let allowsZero = try node.flag("allowzero")
            assembly.finish(node, .reshape(Reshape(allowsZero: allowsZero)), [node.input(0), shape])
        },
        "Flatten": ONNXOperator([1, 9, 11, 13, 21, 23, 24, 25], inputs: 1) { node, assembly throws(ConversionError) in
            let axis = try node.int("axis") ?? 1
            assembly.finish(node, .flatten(Flatten(axis: axis)), node.inputs)
        },
        "Squeeze": ONNXOperator([1, 11, 13, 21, 23, 24, 25], inputs: 1...2) { node, assembly throws(ConversionError) in
            let axes = try axes(node, &assembly, operandSince: 13)
            assembly.finish(node, .squeeze(Squeeze()), [node.input(0), axes])
        },
        "Unsqueeze": ONNXOperator([1, 11, 13, 21, 23, 24, 25], inputs: 1...2) {
            node, assembly throws(ConversionError) in
            guard let axes = try axes(node, &assembly, operandSince: 13) else { throw .malformed("axes are missing") }
            assembly.finish(node, .unsqueeze(Unsqueeze()), [node.input(0), axes])
        },
        "Transpose": ONNXOperator([1, 13, 21, 23, 24, 25], inputs: 1) { node, assembly throws(ConversionError) in
            let permutation = try node.ints("perm")
            assembly.finish(node, .transpose(Transpose(permutation: permutation)), node.inputs)
        },
        "Concat": ONNXOperator([1, 4, 11, 13], inputs: anyNumber) { node, assembly throws(ConversionError) in
            let axis = node.version < 4 ? try node.int("axis") ?? 1 : try node.requiredInt("axis")
            for index in node.inputs.indices { _ = try node.requiredInput(index) }
            assembly.finish(node, .concatenation(Concatenation(axis: axis)), node.inputs)
        },
        "Split": ONNXOperator([2, 11, 13, 18], inputs: 1...2, outputs: anyNumber) {
            node, assembly throws(ConversionError) in
            try split(node, &assembly)
        },
        "Slice": ONNXOperator([1, 10, 11, 13], inputs: 1...5) { node, assembly throws(ConversionError) in
            try slice(node, &assembly)
        },
        "Pad": ONNXOperator([2, 11, 13, 18, 19, 21, 23, 24, 25], inputs: 1...4) {
            node, assembly throws(ConversionError) in
            try pad(node, &assembly)
        },
        "Expand": ONNXOperator([8, 13], inputs: 2, convert: ONNXNode.direct(.expand(Expand()))),
        "Tile": ONNXOperator([6, 13], inputs: 2, convert: ONNXNode.direct(.tile(Tile()))),
        "DepthToSpace": ONNXOperator([1, 11, 13, 28], inputs: 1) { node, assembly throws(ConversionError) in
            let attributes = DepthToSpace(
                blockSize: try blockSize(node), order: try node.word("mode", default: .depthFirst))
            assembly.finish(node, .depthToSpace(attributes), node.inputs)
        },
        "SpaceToDepth": ONNXOperator([1, 13, 28], inputs: 1) { node, assembly throws(ConversionError) in
            let attributes = SpaceToDepth(
                blockSize: try blockSize(node), order: try node.word("mode", default: .depthFirst))
            assembly.finish(node, .spaceToDepth(attributes), node.inputs)
        },
        "ReverseSequence": ONNXOperator([10, 28], inputs: 2) { node, assembly throws(ConversionError) in
            let attributes = ReverseSequence(
                batchAxis: try node.int("batch_axis") ?? 1, timeAxis: try node.int("time_axis") ?? 0)
            assembly.finish(node, .reverseSequence(attributes), node.inputs)
        },
        "Trilu": ONNXOperator([14], inputs: 1...2) { node, assembly throws(ConversionError) in
            let keepsUpper = try node.flag("upper", default: true)
            assembly.finish(node, .trilu(Trilu(keepsUpper: keepsUpper)), node.inputs)
        },
    ]

    private static func blockSize(_ node: ONNXNode) throws(ConversionError) -> Int {
        let size = try node.requiredInt("blocksize")
        guard size > 0 else { throw .malformed("blocksize \(size) must be positive") }
        return size
    }

    /// Axes that were an attribute once, as an operand.
    private static func axes(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, operandSince version: Int
    ) throws(ConversionError) -> ValueID? {
        if node.version >= version { return node.input(1) }
        guard node.inputs.count == 1 else { throw .malformed("axes are an attribute before opset \(version)") }
        return try node.ints("axes").map { assembly.addConstant(node, "axes", $0) }
    }

    private static func split(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let attributes = Split(axis: try node.int("axis") ?? 0, parts: node.outputs.count)
        var lengths = node.input(1)
        if node.version < 13 {
            lengths = try node.ints("split").map { assembly.addConstant(node, "split", $0) }
        } else if node.version >= 18, let parts = try node.int("num_outputs"), parts != node.outputs.count {
            throw .malformed("num_outputs is \(parts), and there are \(node.outputs.count) outputs")
        }
        assembly.finish(node, .split(attributes), [node.input(0), lengths])
    }

    private static func slice(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        if node.version >= 10 {
            for index in 1...2 { _ = try node.requiredInput(index) }
            return assembly.finish(node, .slice(Slice()), node.inputs)
        }
        guard let starts = try node.unboundedInts("starts"), let ends = try node.unboundedInts("ends") else {
            throw .malformed("the attributes 'starts' and 'ends' are needed")
        }
        let bounds = [
            node.input(0), assembly.addConstant(node, "starts", Tensor(starts)),
            assembly.addConstant(node, "ends", Tensor(ends)),
        ]
        let axes = try node.ints("axes").map { assembly.addConstant(node, "axes", $0) }
        assembly.finish(node, .slice(Slice()), bounds + [axes])
    }

    private static func pad(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let mode = try node.word("mode", default: Pad.Mode.constant)
        if node.version >= 11 {
            _ = try node.requiredInput(1)
            return assembly.finish(node, .pad(Pad(mode: mode)), node.inputs)
        }
        guard let pads = try node.ints("pads") else { throw .malformed("the attribute 'pads' is missing") }
        let number = try node.float("value", default: 0)
        let counts = assembly.addConstant(node, "pads", pads)
        // Zero is what cells are filled with anyway.
        let value =
            number == 0
            ? nil
            : assembly.addScalar(node, "value", Double(number), dtype: try assembly.dtype(node.requiredInput(0)))
        assembly.finish(node, .pad(Pad(mode: mode)), [node.input(0), counts, value])
    }
}
