internal import Graphs
internal import Tensors

extension ONNXOperator {
    static let quantization: [String: ONNXOperator] = [
        "QuantizeLinear": ONNXOperator([10, 13, 19, 21, 23, 24, 25], inputs: 2...3) {
            node, assembly throws(ConversionError) in
            // Saturation is a choice for 8-bit floats only.
            if node.version >= 19 { node.ignore("saturate") }
            if node.version >= 23 {
                // The precision of the division; that of the scale is what is computed in.
                guard [0, 1].contains(try node.int("precision") ?? 0) else {
                    throw .inexpressible("with a precision other than float32")
                }
            }
            var target = DType.uint8
            if node.version >= 21, let code = try node.int("output_dtype"), code != 0 {
                target = try dtype(code)
                if let zero = node.input(2), try assembly.dtype(zero) != target {
                    throw .malformed("output_dtype is \(target), the zero point's is another")
                }
            }
            let attributes = QuantizeLinear(scale: try scale(node), target: target)
            assembly.finish(node, .quantizeLinear(attributes), node.inputs)
        },
        "DequantizeLinear": ONNXOperator([10, 13, 19, 21, 23, 24, 25], inputs: 2...3) {
            node, assembly throws(ConversionError) in
            let operation = Operation.dequantizeLinear(DequantizeLinear(scale: try scale(node)))
            guard node.version >= 23, let code = try node.int("output_dtype"), code != 0 else {
                return assembly.finish(node, operation, node.inputs)
            }
            let result = assembly.emit(node, "dequantized", operation, node.inputs)
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

    private static func dtype(_ code: Int) throws(ConversionError) -> DType {
        guard let element = ElementType(code: code) else {
            throw .malformed("output_dtype \(code) is no element type that ONNX defines")
        }
        guard let dtype = element.dtype else { throw .inexpressible("to \(element.name)") }
        return dtype
    }
}
