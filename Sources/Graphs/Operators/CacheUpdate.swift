public import Tensors

/// Operand 0, a cache, with the slices of operand 1 written along one axis. Operand 2 (int64 [batch]; zeros when left
/// out) gives the first index for each entry of axis 0.
public struct CacheUpdate: OperatorAttributes {
    public var axis: Int
    /// Whether writing past the end of the axis continues at its start; otherwise that is an error.
    public var wraps: Bool

    public init(axis: Int = -2, wraps: Bool = false) {
        self.axis = axis
        self.wraps = wraps
    }

    public var operatorName: String { "TensorScatter" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let cache = try operands.type(0)
        let update = try operands.type(1)
        let axis = try normalizedAxis(axis, rank: cache.shape.rank)
        guard axis > 0 else { throw .mismatch("axis 0 counts the batch and cannot be the sequence") }
        var wanted = cache.shape.dimensions
        guard update.dtype == cache.dtype, update.shape.rank == wanted.count, update.shape[axis] <= wanted[axis] else {
            throw .mismatch("the update \(update) does not fit the cache \(cache)")
        }
        wanted[axis] = update.shape[axis]
        guard update.shape.dimensions == wanted else {
            throw .mismatch("the update \(update.shape) does not fit the cache \(cache.shape) beside axis \(axis)")
        }
        if operands.has(2) {
            let starts = try operands.type(2)
            guard starts == TensorType(.int64, Shape([cache.shape[0]])) else {
                throw .mismatch("the places to write to must be int64 [\(cache.shape[0])], not \(starts)")
            }
        }
        return [cache]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        var update = [AxisRelation].pointwise(rank: rank)
        update[try normalizedAxis(axis, rank: rank)] = .gathered
        return AxisRelations(operands, [.pointwise(rank: rank), update, [.pointwise(0)]])
    }
}
