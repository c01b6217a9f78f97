public import Tensors

/// How scattering combines an update with the element that is there already.
public enum ScatterReduction: String, Hashable, Codable, Sendable {
    case replace = "none"
    case add
    case multiply = "mul"
    case minimum = "min"
    case maximum = "max"
}

/// Operand 0 with the updates (operand 2) written to where the indices (operand 1) point along an axis.
public struct ScatterElements: OperatorAttributes {
    public var axis: Int
    public var reduction: ScatterReduction

    public init(axis: Int = 0, reduction: ScatterReduction = .replace) {
        self.axis = axis
        self.reduction = reduction
    }

    public var operatorName: String { "ScatterElements" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let data = try operands.type(0)
        let indices = try operands.type(1)
        try indices.checkIndices(within: data.shape, axis: axis)
        let updates = try operands.type(2)
        guard updates == TensorType(data.dtype, indices.shape) else {
            throw .mismatch("the updates \(updates) do not fit the indices \(indices.shape)")
        }
        return [data]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        var entries = [AxisRelation].pointwise(rank: rank)
        entries[try normalizedAxis(axis, rank: rank)] = .gathered
        return AxisRelations(operands, [.pointwise(rank: rank), entries, entries])
    }
}
