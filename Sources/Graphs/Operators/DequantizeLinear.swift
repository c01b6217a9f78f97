public import Tensors

/// (x - zero point) * scale, in the scale's dtype. Operands: x, scale, zero point (optional).
public struct DequantizeLinear: OperatorAttributes {
    public var scale: QuantizationScale
    /// The format of x, where it holds narrow numbers.
    public var format: NarrowFormat?

    public init(scale: QuantizationScale = QuantizationScale(), format: NarrowFormat? = nil) {
        self.scale = scale
        self.format = format
    }

    public var operatorName: String { "DequantizeLinear" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.dtype.isQuantized || input.dtype == .int32 || input.dtype == format?.held else {
            throw .mismatch("\(input.dtype) is no quantised type")
        }
        try scale.check(operands)
        if operands.has(2) {
            let zero = try operands.type(2).dtype
            guard zero == input.dtype else { throw .mismatch("a zero point of \(zero) for \(input.dtype)") }
        }
        return [TensorType(try operands.type(1).dtype, input.shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(
            operands,
            [
                .pointwise(rank: outputs[0].shape.rank), try scale.relations(1, operands),
                try scale.relations(2, operands),
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 2, bytes: Cost.traffic(operands, outputs))
    }
}
