public import Tensors

/// A matrix of operand 0's shape with ones on a diagonal and zeros elsewhere.
public struct EyeLike: OperatorAttributes {
    /// Operand 0's when nil.
    public var dtype: DType?
    /// By how much the diagonal is moved up.
    public var diagonal: Int

    public init(dtype: DType? = nil, diagonal: Int = 0) {
        self.dtype = dtype
        self.diagonal = diagonal
    }

    public var operatorName: String { "EyeLike" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank == 2 else { throw .mismatch("a matrix is needed, not \(input.shape)") }
        return [TensorType(dtype ?? input.dtype, input.shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [nil])
    }
}
