public import Tensors

/// For each place of the indices (operand 1) the element of operand 0 there, with the place's coordinate on one axis
/// replaced by the index.
public struct GatherElements: OperatorAttributes {
    public var axis: Int

    public init(axis: Int = 0) { self.axis = axis }

    public var operatorName: String { "GatherElements" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let data = try operands.type(0)
        let indices = try operands.type(1)
        try indices.checkIndices(within: data.shape, axis: axis)
        return [TensorType(data.dtype, indices.shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        var data = [AxisRelation].pointwise(rank: rank)
        data[try normalizedAxis(axis, rank: rank)] = .gathered
        return AxisRelations(operands, [data, .pointwise(rank: rank)])
    }
}

extension TensorType {
    /// Throws unless this is a tensor of indices along an axis of `data` that does not exceed it on the others.
    func checkIndices(within data: Shape, axis: Int) throws(InferenceError) {
        guard dtype == .int64 || dtype == .int32 else { throw .mismatch("indices must be int32 or int64") }
        let axis = try normalizedAxis(axis, rank: data.rank)
        guard shape.rank == data.rank, (0..<data.rank).allSatisfy({ $0 == axis || shape[$0] <= data[$0] }) else {
            throw .mismatch("indices \(shape) exceed the data \(data) on an axis other than \(axis)")
        }
    }
}
