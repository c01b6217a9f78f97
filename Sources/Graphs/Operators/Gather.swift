public import Tensors

/// Slices of operand 0 along an axis at the indices in operand 1 (any shape; negative counts from the end).
public struct Gather: OperatorAttributes {
    public var axis: Int

    public init(axis: Int = 0) { self.axis = axis }

    public var operatorName: String { "Gather" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let data = try operands.type(0)
        let indices = try operands.type(1)
        guard indices.dtype == .int64 || indices.dtype == .int32 else {
            throw .mismatch("indices must be int32 or int64")
        }
        let axis = try normalizedAxis(axis, rank: data.shape.rank)
        let dimensions =
            data.shape.dimensions[..<axis] + indices.shape.dimensions + data.shape.dimensions[(axis + 1)...]
        return [TensorType(data.dtype, try checkedShape(Array(dimensions)))]
    }
}
