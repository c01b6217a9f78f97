public import Tensors

/// Operand 0 with slices of the updates (operand 2) written to the coordinates that lie along the last axis of the
/// indices (operand 1).
public struct ScatterND: OperatorAttributes {
    public var reduction: ScatterReduction

    public init(reduction: ScatterReduction = .replace) { self.reduction = reduction }

    public var operatorName: String { "ScatterND" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let data = try operands.type(0)
        let indices = try operands.type(1)
        let updates = try operands.type(2)
        guard indices.dtype == .int64 || indices.dtype == .int32 else {
            throw .mismatch("indices must be int32 or int64")
        }
        guard let coordinates = indices.shape.dimensions.last, coordinates <= data.shape.rank, coordinates >= 1 else {
            throw .mismatch("indices \(indices.shape) do not address \(data.shape)")
        }
        let wanted = Array(indices.shape.dimensions.dropLast() + data.shape.dimensions[coordinates...])
        guard updates.dtype == data.dtype, updates.shape.dimensions == wanted else {
            throw .mismatch("updates of \(data.dtype) \(try checkedShape(wanted)) are needed, not \(updates)")
        }
        return [data]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (rank, indices) = (outputs[0].shape.rank, try operands.shape(1))
        let entries = (0..<(indices.rank - 1)).map { _ in AxisRelation.gathered }
        return AxisRelations(
            operands,
            [
                .pointwise(rank: rank), entries + [.reduced],
                entries + (indices[indices.rank - 1]..<rank).map(AxisRelation.pointwise),
            ])
    }
}
