internal import Graphs
internal import Tensors

/// The operators on 8-bit integers that ONNX Runtime's quantiser writes in addition to those of the standard: each is
/// an operator on numbers, between dequantising its operands and quantising its result.
extension ONNXOperator {
    static let quantizedOperators: [String: ONNXOperator] = [
        "QuantizeLinear": ONNXOperator([1], inputs: 2...3) { node, assembly throws(ConversionError) in
            let scale = QuantizationScale(axis: try node.int("axis") ?? 1, blockSize: try node.int("block_size") ?? 0)
            assembly.finish(node, .quantizeLinear(QuantizeLinear(scale: scale)), node.inputs)
        },
        "DequantizeLinear": ONNXOperator([1], inputs: 2...3) { node, assembly throws(ConversionError) in
            let scale = QuantizationScale(axis: try node.int("axis") ?? 1, blockSize: try node.int("block_size") ?? 0)
            assembly.finish(node, .dequantizeLinear(DequantizeLinear(scale: scale)), node.inputs)
        },
        "QLinearAdd": ONNXOperator([1], inputs: 7...8) { node, assembly throws(ConversionError) in
            try binary(node, &assembly, .add)
        },
        "QLinearMul": ONNXOperator([1], inputs: 7...8) { node, assembly throws(ConversionError) in
            try binary(node, &assembly, .multiply)
        },
        "QLinearSigmoid": ONNXOperator([1], inputs: 4...5) { node, assembly throws(ConversionError) in
            try mapped(node, &assembly) { .unary(Unary(.sigmoid)) }
        },
        "QLinearLeakyRelu": ONNXOperator([1], inputs: 4...5) { node, assembly throws(ConversionError) in
            let alpha = try node.float("alpha", default: 0.01)
            try mapped(node, &assembly) { .unary(Unary(.leakyRelu, alpha: alpha)) }
        },
        "QLinearSoftmax": ONNXOperator([1], inputs: 5) { node, assembly throws(ConversionError) in
            let flattens = try node.requiredInt("opset") < 13
            let axis = try node.int("axis") ?? (flattens ? 1 : -1)
            try mapped(node, &assembly) { .softmax(Softmax(axis: axis, flattensFromAxis: flattens)) }
        },
        "QLinearAveragePool": ONNXOperator([1], inputs: 4...5) { node, assembly throws(ConversionError) in
            let kernel = try node.kernelShape()
            let pooling = Pooling(
                kind: .average(countsPadding: try node.flag("count_include_pad")), kernel: kernel,
                window: try node.window(rank: kernel.count), roundsUp: try node.flag("ceil_mode"))
            let rank = try node.flag("channels_last") ? kernel.count + 2 : nil
            try mapped(node, &assembly, channelsLastRank: rank) { .pooling(pooling) }
        },
        "QLinearGlobalAveragePool": ONNXOperator([1], inputs: 5) { node, assembly throws(ConversionError) in
            var rank: Int?
            if try node.flag("channels_last") {
                guard let known = assembly.ranks[try node.requiredInput(0)] else {
                    throw .inexpressible("with channels_last and an operand of unknown rank")
                }
                rank = known
            }
            try mapped(node, &assembly, channelsLastRank: rank) { .globalPooling(GlobalPooling(.average)) }
        },
        "QLinearConcat": ONNXOperator([1], inputs: 5...(1 << 20)) { node, assembly throws(ConversionError) in
            guard node.inputs.count % 3 == 2 else {
                throw .malformed("operands must come in threes after the first two")
            }
            let axis = try node.requiredInt("axis")
            var parts: [ValueID] = []
            for index in stride(from: 2, to: node.inputs.count, by: 3) {
                parts.append(try number(node, &assembly, "part\(index / 3)", index))
            }
            let joined = assembly.emit(node, "joined", .concatenation(Concatenation(axis: axis)), parts)
            try quantize(node, &assembly, joined, scale: 0, like: node.requiredInput(2))
        },
    ]

    /// The number that a quantised operand represents; its scale and its zero point are the operands behind it.
    private static func number(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ suffix: String, _ index: Int
    ) throws(ConversionError) -> ValueID {
        assembly.emit(
            node, suffix, .dequantizeLinear(DequantizeLinear()),
            [try node.requiredInput(index), try node.requiredInput(index + 1), node.input(index + 2)])
    }

    /// - Parameters:
    ///   - scale: the operand that is the scale of the result; its zero point is the operand behind it.
    ///   - like: whose dtype the result has where there is no zero point to tell.
    private static func quantize(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ value: ValueID, scale: Int, like: ValueID
    ) throws(ConversionError) {
        let zero = node.input(scale + 1)
        let target = zero == nil ? try assembly.dtype(like) : .uint8
        let operands = [value, try node.requiredInput(scale), zero]
        assembly.finish(node, .quantizeLinear(QuantizeLinear(target: target)), operands)
    }

    private static func binary(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ function: BinaryFunction
    ) throws(ConversionError) {
        let left = try number(node, &assembly, "left", 0)
        let right = try number(node, &assembly, "right", 3)
        let result = assembly.computed(node, "result", function, left, right)
        try quantize(node, &assembly, result, scale: 6, like: node.requiredInput(0))
    }

    /// An operator on operand 0, with its axis of channels brought to the front before and to the end after it where a
    /// rank is given.
    private static func mapped(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, channelsLastRank rank: Int? = nil,
        _ operation: () -> Operation
    ) throws(ConversionError) {
        var value = try number(node, &assembly, "number", 0)
        if let rank, rank > 2 {
            value = assembly.transposed(node, "first", value, [0, rank - 1] + Array(1..<(rank - 1)))
        }
        value = assembly.emit(node, "result", operation(), [value])
        if let rank, rank > 2 {
            value = assembly.transposed(node, "last", value, [0] + Array(2..<rank) + [1])
        }
        try quantize(node, &assembly, value, scale: 3, like: node.requiredInput(0))
    }
}
