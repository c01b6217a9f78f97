internal import Graphs
internal import Tensors

extension ONNXOperator {
    static let quantization: [String: ONNXOperator] = [
        "QuantizeLinear": ONNXOperator([10, 13, 19, 21, 23, 24, 25], inputs: 2...3) {
            node, assembly throws(ConversionError) in
            let saturates = node.version < 19 ? true : try node.flag("saturate", default: true)
            if node.version >= 23 {
                // The precision of the division; that of the scale is what is computed in.
                guard [0, 1].contains(try node.int("precision") ?? 0) else {
                    throw .inexpressible("with a precision other than float32")
                }
            }
            var zero = node.input(2)
            var target = DType.uint8
            var format = zero.flatMap { assembly.formats[$0] }
            if node.version >= 21, let code = try node.int("output_dtype"), code != 0 {
                let element = try elementType(code)
                if zero == nil { format = element.narrow }
                target = if let narrow = element.narrow { narrow.held } else { try dtype(code) }
                let zeroType = if let zero { try assembly.dtype(zero) } else { target }
                if zero != nil, format != element.narrow || zeroType != target {
                    throw .malformed("output_dtype is \(element.name), the zero point's is another")
                }
            }
            guard let format else {
                let attributes = QuantizeLinear(scale: try scale(node), target: target)
                return assembly.finish(node, .quantizeLinear(attributes), node.inputs)
            }
            guard format.canBeRoundedTo else { throw .inexpressible("to \(format)") }
            // That of floating-point numbers is 0.
            if !format.isInteger { zero = nil }
            let attributes = QuantizeLinear(scale: try scale(node), target: format.held)
            let quantized = assembly.emit(
                node, "quantized", .quantizeLinear(attributes), [node.input(0), node.input(1), zero])
            assembly.finish(node, NarrowRounding(format, saturates: saturates), quantized)
        },
        "DequantizeLinear": ONNXOperator([10, 13, 19, 21, 23, 24, 25], inputs: 2...3) {
            node, assembly throws(ConversionError) in
            let format = assembly.formats[try node.requiredInput(0)]
            let operation = Operation.dequantizeLinear(DequantizeLinear(scale: try scale(node), format: format))
            // The zero point of floating-point numbers is 0.
            let operands = format.map(\.isInteger) == false ? Array(node.inputs.prefix(2)) : node.inputs
            guard node.version >= 23, let code = try node.int("output_dtype"), code != 0 else {
                return assembly.finish(node, operation, operands)
            }
            let result = assembly.emit(node, "dequantized", operation, operands)
            assembly.finish(node, .cast(Cast(to: try dtype(code))), [result])
        },
        "DynamicQuantizeLinear": ONNXOperator(
            [11], inputs: 1...1, outputs: 1...3,
            convert: ONNXNode.direct(.dynamicQuantizeLinear(DynamicQuantizeLinear()))),
        "MatMulInteger": ONNXOperator([10], inputs: 2...4, convert: ONNXNode.direct(.matMulInteger(MatMulInteger()))),
        "QLinearMatMul": ONNXOperator([10, 21], inputs: 8, convert: ONNXNode.direct(.qLinearMatMul(QLinearMatMul()))),
        "ConvInteger": ONNXOperator([10], inputs: 2...4) { node, assembly throws(ConversionError) in
            let rank = try node.spatialRank(weights: node.requiredInput(1), assembly)
            let attributes = ConvInteger(window: try node.window(rank: rank), groups: try groups(node))
            assembly.finish(node, .convInteger(attributes), node.inputs)
        },
        "QLinearConv": ONNXOperator([10], inputs: 8...9) { node, assembly throws(ConversionError) in
            let rank = try node.spatialRank(weights: node.requiredInput(3), assembly)
            let attributes = QLinearConv(window: try node.window(rank: rank), groups: try groups(node))
            assembly.finish(node, .qLinearConv(attributes), node.inputs)
        },
    ]

    /// Axis and block size of a linear quantisation; the first version had one scale for all.
    private static func scale(_ node: ONNXNode) throws(ConversionError) -> QuantizationScale {
        QuantizationScale(
            axis: node.version < 13 ? 1 : try node.int("axis") ?? 1,
            blockSize: node.version < 21 ? 0 : try node.int("block_size") ?? 0)
    }

    private static func elementType(_ code: Int) throws(ConversionError) -> ElementType {
        guard let element = ElementType(code: code) else {
            throw .malformed("output_dtype \(code) is no element type that ONNX defines")
        }
        return element
    }

    private static func dtype(_ code: Int) throws(ConversionError) -> DType {
        let element = try elementType(code)
        guard let dtype = element.dtype else { throw .inexpressible("to \(element.name)") }
        return dtype
    }
}
