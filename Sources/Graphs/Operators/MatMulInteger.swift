public import Tensors

/// The product of 8-bit matrices minus their zero points, exact in int32. Operands: A, B, the zero point of A
/// (optional; one for all, or one for each row), that of B (optional; one for all, or one for each column).
public struct MatMulInteger: OperatorAttributes {
    public init() {}

    public var operatorName: String { "MatMulInteger" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let shape = try IntegerProduct.shape(operands, left: 0, right: 1)
        let (rows, columns) = try IntegerProduct.rowsAndColumns(operands, left: 0, right: 1)
        try IntegerProduct.checkParameter(operands, 2, of: rows, dtype: try operands.type(0).dtype)
        try IntegerProduct.checkParameter(operands, 3, of: columns, dtype: try operands.type(1).dtype)
        return [TensorType(.int32, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        try IntegerProduct.axes(
            of: operands, output: outputs[0].shape, left: 0, right: 1, rowParameters: [2], columnParameters: [3])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        IntegerProduct.cost(of: operands, left: 0, outputs: outputs)
    }
}
