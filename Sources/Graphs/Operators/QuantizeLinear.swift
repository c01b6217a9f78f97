public import Tensors

/// saturate(round(x / scale) + zero point), rounding half to even. Operands: x, scale, zero point (optional).
public struct QuantizeLinear: OperatorAttributes {
    public var scale: QuantizationScale
    /// The dtype of the result where no zero point determines it. float32 means that the result is the quotients, which
    /// are rounded to a narrow format later.
    public var target: DType

    public init(scale: QuantizationScale = QuantizationScale(), target: DType = .uint8) {
        self.scale = scale
        self.target = target
    }

    public var operatorName: String { "QuantizeLinear" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.dtype.isFloatingPoint || input.dtype == .int32 else {
            throw .mismatch("\(input.dtype) cannot be quantised")
        }
        try scale.check(operands)
        let dtype = operands.has(2) ? try operands.type(2).dtype : target
        guard dtype.isQuantized || (dtype == .float32 && !operands.has(2)) else {
            throw .mismatch("quantising to \(dtype) is not supported")
        }
        return [TensorType(dtype, input.shape)]
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
        Cost(flops: Double(outputs[0].shape.elementCount) * 4, bytes: Cost.traffic(operands, outputs))
    }
}
