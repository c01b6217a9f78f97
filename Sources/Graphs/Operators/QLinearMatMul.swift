public import Tensors

/// The product of quantised matrices, quantised: saturate(round((A - a0)(B - b0) * (a scale * b scale / y scale)) +
/// y0), rounding half to even. Operands: A, a scale, a0, B, b scale, b0, y scale, y0; A may have one scale and one zero
/// point for each row, B for each column.
public struct QLinearMatMul: OperatorAttributes {
    public init() {}

    public var operatorName: String { "QLinearMatMul" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let shape = try IntegerProduct.shape(operands, left: 0, right: 3)
        let (rows, columns) = try IntegerProduct.rowsAndColumns(operands, left: 0, right: 3)
        let target = try operands.type(7).dtype
        guard target.isEightBitInteger else { throw .mismatch("the result must be int8 or uint8, not \(target)") }
        for (index, count, dtype) in [
            (1, rows, nil), (2, rows, try operands.type(0).dtype), (4, columns, nil),
            (5, columns, try operands.type(3).dtype), (6, 1, nil), (7, 1, target),
        ] {
            try IntegerProduct.checkParameter(operands, index, of: count, dtype: dtype)
        }
        return [TensorType(target, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        try IntegerProduct.axes(
            of: operands, output: outputs[0].shape, left: 0, right: 3, rowParameters: [1, 2], columnParameters: [4, 5])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        IntegerProduct.cost(of: operands, left: 0, outputs: outputs)
    }
}
