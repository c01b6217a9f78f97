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
        // It is better to refuse this while planning than on the rank that gathers.
        let known = (try? operands.integers(1)) ?? []
        if let wrong = known.first(where: { !data.shape.hasIndex($0, axis: axis) }) {
            throw .mismatch("index \(wrong) is outside the \(data.shape[axis]) of axis \(axis)")
        }
        let dimensions =
            data.shape.dimensions[..<axis] + indices.shape.dimensions + data.shape.dimensions[(axis + 1)...]
        return [TensorType(data.dtype, try checkedShape(Array(dimensions)))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = try operands.shape(0).rank
        let axis = try normalizedAxis(axis, rank: rank)
        let count = try operands.shape(1).rank
        return AxisRelations(
            operands,
            [
                (0..<rank).map { $0 < axis ? .pointwise($0) : $0 == axis ? .gathered : .pointwise($0 + count - 1) },
                (0..<count).map { .pointwise(axis + $0) },
            ])
    }
}

extension Shape {
    /// Whether an index, which counts from the end when negative, is within an axis.
    fileprivate func hasIndex(_ index: Int, axis: Int) -> Bool { index >= -self[axis] && index < self[axis] }
}
