internal import Tensors

extension Attention {
    /// The sizes of an attention, whatever form its operands have.
    public struct Extents: Hashable, Sendable {
        public var batch: Int
        public var queryHeads: Int
        public var keyHeads: Int
        public var queries: Int
        /// Those of them that are in past keys; the others are in K.
        public var past: Int
        /// Past ones included.
        public var keys: Int
        public var headDim: Int
        public var valueDim: Int
    }

    /// - Throws: `InferenceError` where the operands do not fit one another.
    public func extents(of operands: Operands) throws(InferenceError) -> Extents {
        let query = try split(operands.shape(0), "Q", heads: queryHeads, layout: queryLayout)
        let key = try split(operands.shape(1), "K", heads: keyHeads, layout: keyLayout)
        let value = try split(operands.shape(2), "V", heads: keyHeads, layout: valueLayout)
        let ranks = [try operands.shape(0).rank, try operands.shape(1).rank, try operands.shape(2).rank]
        guard Set(ranks).count == 1 else { throw .mismatch("Q, K and V must have the same number of axes") }
        let dtype = try operands.type(0).dtype
        guard try operands.type(1).dtype == dtype, try operands.type(2).dtype == dtype else {
            throw .mismatch("Q, K and V must have one dtype")
        }
        // This accepts more than the standard: a batch of 1 is broadcast, as in the products that exporters write.
        var batches = [query.batch, key.batch, value.batch]
        if operands.has(3), try operands.shape(3).rank == 4 { batches.append(try operands.shape(3)[0]) }
        let batch = batches.first { $0 != 1 } ?? 1
        guard batches.allSatisfy({ $0 == batch || $0 == 1 }) else {
            throw .mismatch("Q, K, V and the mask have batches of \(batches)")
        }
        guard key.sequence == value.sequence, key.heads == value.heads else {
            throw .mismatch(
                "K has \(key.heads) heads of \(key.sequence) keys, V \(value.heads) heads of \(value.sequence) values")
        }
        guard key.depth == query.depth else {
            throw .mismatch("heads of Q have \(query.depth) numbers, those of K \(key.depth)")
        }
        guard key.heads > 0 ? query.heads % key.heads == 0 : query.heads == 0 else {
            throw .mismatch("\(query.heads) query heads cannot share \(key.heads) heads of keys evenly")
        }
        var extents = Extents(
            batch: batch, queryHeads: query.heads, keyHeads: key.heads, queries: query.sequence, past: 0,
            keys: key.sequence, headDim: query.depth, valueDim: value.depth)
        guard operands.has(4) == operands.has(5) else { throw .mismatch("past keys need past values, and these those") }
        if operands.has(4) { try addPast(operands, to: &extents) }
        if operands.has(6) { try checkCounts(operands, extents) }
        if operands.has(3) { try checkMask(operands.type(3), dtype: dtype, extents) }
        return extents
    }

    private struct Parts {
        var batch: Int
        var heads: Int
        var sequence: Int
        var depth: Int
    }

    private func split(
        _ shape: Shape, _ name: String, heads: Int?, layout: Layout
    ) throws(InferenceError) -> Parts {
        switch shape.rank {
        case 3:
            guard let heads else {
                throw .mismatch("\(name) is \(shape): with three axes the numbers of heads must be given")
            }
            guard heads > 0, shape[2] % heads == 0 else {
                throw .mismatch("\(name) is \(shape), and \(shape[2]) does not divide into \(heads) heads")
            }
            return Parts(batch: shape[0], heads: heads, sequence: shape[1], depth: shape[2] / heads)
        case 4:
            let (headAxis, sequenceAxis) = layout == .headsFirst ? (1, 2) : (2, 1)
            return Parts(batch: shape[0], heads: shape[headAxis], sequence: shape[sequenceAxis], depth: shape[3])
        default: throw .mismatch("\(name) must have 3 or 4 axes, and is \(shape)")
        }
    }

    private func addPast(_ operands: Operands, to extents: inout Extents) throws(InferenceError) {
        let (keys, values) = (try operands.shape(4), try operands.shape(5))
        let dtype = try operands.type(0).dtype
        guard try operands.type(4).dtype == dtype, try operands.type(5).dtype == dtype else {
            throw .mismatch("past keys and values must be \(dtype), as Q is")
        }
        guard keys.rank == 4, values.rank == 4, keys[2] == values[2],
            keys.dimensions == [extents.batch, extents.keyHeads, keys[2], extents.headDim],
            values.dimensions == [extents.batch, extents.keyHeads, keys[2], extents.valueDim]
        else {
            throw .mismatch(
                "past keys \(keys) and values \(values) do not fit \(extents.batch) batch entries of "
                    + "\(extents.keyHeads) heads of \(extents.headDim) and \(extents.valueDim) numbers")
        }
        extents.past = keys[2]
        extents.keys = try checkedShape([keys[2] + extents.keys])[0]
    }

    private func checkCounts(_ operands: Operands, _ extents: Extents) throws(InferenceError) {
        let counts = try operands.type(6)
        guard counts.dtype == .int64, counts.shape.dimensions == [extents.batch] else {
            throw .mismatch("the numbers of keys must be int64 [\(extents.batch)], not \(counts)")
        }
        guard !operands.has(4) else { throw .mismatch("numbers of keys and past keys exclude each other") }
    }

    private func checkMask(_ mask: TensorType, dtype: DType, _ extents: Extents) throws(InferenceError) {
        guard mask.dtype == .bool || mask.dtype == dtype else {
            throw .mismatch("the mask must be bool or \(dtype), not \(mask.dtype)")
        }
        let full = [extents.batch, extents.queryHeads, extents.queries, extents.keys]
        let shape = mask.shape
        guard shape.rank <= 4,
            shape.dimensions.enumerated().allSatisfy({ axis, extent in
                let place = axis + 4 - shape.rank
                return extent == 1 || extent == full[place] || (place == 3 && extent < full[3])
            })
        else { throw .mismatch("the mask \(shape) does not broadcast to \(full)") }
    }
}
