public import Tensors

/// Slices of operand 0 at the coordinates that lie along the last axis of operand 1; the first `batchAxes` axes of both
/// are iterated together.
public struct GatherND: OperatorAttributes {
    public var batchAxes: Int

    public init(batchAxes: Int = 0) { self.batchAxes = batchAxes }

    public var operatorName: String { "GatherND" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let data = try operands.type(0)
        let indices = try operands.type(1)
        guard indices.dtype == .int64 || indices.dtype == .int32 else {
            throw .mismatch("indices must be int32 or int64")
        }
        guard indices.shape.rank > 0, batchAxes >= 0, batchAxes < min(data.shape.rank, indices.shape.rank),
            data.shape.dimensions[..<batchAxes] == indices.shape.dimensions[..<batchAxes],
            let coordinates = indices.shape.dimensions.last, coordinates >= 1,
            coordinates <= data.shape.rank - batchAxes
        else {
            throw .mismatch("indices \(indices.shape) do not address \(data.shape) with \(batchAxes) batch axes")
        }
        let dimensions = indices.shape.dimensions.dropLast() + data.shape.dimensions[(batchAxes + coordinates)...]
        return [TensorType(data.dtype, try checkedShape(Array(dimensions)))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (rank, indices) = (try operands.shape(0).rank, try operands.shape(1))
        let named = batchAxes..<(batchAxes + indices[indices.rank - 1])
        return AxisRelations(
            operands,
            [
                (0..<rank).map { axis in
                    if named.contains(axis) { return .gathered }
                    return .pointwise(axis < batchAxes ? axis : axis - named.upperBound + indices.rank - 1)
                }, .pointwise(rank: indices.rank - 1) + [.reduced],
            ])
    }
}
