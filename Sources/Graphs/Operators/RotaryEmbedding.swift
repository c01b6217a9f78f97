public import Tensors

/// Rotates pairs of numbers of each head by an angle that depends on the position. Operands: x
/// [batch, heads, sequence, headDim] or [batch, sequence, heads * headDim], the cosines and the sines,
/// [positions, rotated / 2] with position numbers (int64 [batch, sequence], operand 3), or
/// [batch, sequence, rotated / 2] without.
public struct RotaryEmbedding: OperatorAttributes {
    /// Whether neighbouring numbers form pairs; otherwise numbers of the first half form pairs with those of the second
    /// half.
    public var isInterleaved: Bool
    /// How many numbers of each head are rotated, from the first on; nil for all.
    public var rotated: Int?
    /// Of an x of rank 3.
    public var heads: Int?

    public init(isInterleaved: Bool = false, rotated: Int? = nil, heads: Int? = nil) {
        self.isInterleaved = isInterleaved
        self.rotated = rotated
        self.heads = heads
    }

    /// The sizes of a rotation, for both forms of x.
    public struct Extents: Hashable, Sendable {
        public var batch: Int
        public var heads: Int
        public var sequence: Int
        public var headDim: Int
        public var rotated: Int
        /// The number of rows of the cosines; 0 without position numbers.
        public var positions: Int
        /// Whether one table of cosines, without position numbers, is used for the whole batch.
        public var stretchesAngles = false
    }

    public var operatorName: String { "RotaryEmbedding" }

    public func extents(of operands: Operands) throws(InferenceError) -> Extents {
        let shape = try operands.shape(0)
        var extents: Extents
        switch shape.rank {
        case 4:
            extents = Extents(
                batch: shape[0], heads: shape[1], sequence: shape[2], headDim: shape[3], rotated: 0, positions: 0)
        case 3:
            guard let heads, heads > 0, shape[2] % heads == 0 else {
                throw .mismatch(
                    "\(shape) does not divide into \(heads.map(String.init) ?? "an unknown number of") heads")
            }
            extents = Extents(
                batch: shape[0], heads: heads, sequence: shape[1], headDim: shape[2] / heads, rotated: 0, positions: 0)
        default: throw .mismatch("x must have 3 or 4 axes, and is \(shape)")
        }
        extents.rotated = rotated ?? extents.headDim
        guard extents.rotated >= 0, extents.rotated <= extents.headDim, extents.rotated % 2 == 0 else {
            throw .mismatch("\(extents.rotated) of \(extents.headDim) numbers of a head cannot be turned in pairs")
        }
        let (cosines, sines) = (try operands.type(1), try operands.type(2))
        let dtype = try operands.type(0).dtype
        guard cosines == sines, cosines.dtype == dtype else {
            throw .mismatch("cosines \(cosines) and sines \(sines) must be alike, and of \(dtype)")
        }
        if operands.has(3) {
            let positions = try operands.type(3)
            guard positions == TensorType(.int64, Shape([extents.batch, extents.sequence])) else {
                throw .mismatch("positions must be int64 [\(extents.batch), \(extents.sequence)], not \(positions)")
            }
            guard cosines.shape.rank == 2, cosines.shape[1] == extents.rotated / 2 else {
                throw .mismatch("cosines must be [positions, \(extents.rotated / 2)], not \(cosines.shape)")
            }
            extents.positions = cosines.shape[0]
        } else {
            // This accepts more than the standard: PyTorch writes one table for the whole batch.
            let wanted = [extents.batch, extents.sequence, extents.rotated / 2]
            guard cosines.shape.dimensions == wanted || cosines.shape.dimensions == [1] + wanted.dropFirst() else {
                throw .mismatch("cosines must be \(wanted), not \(cosines.shape)")
            }
            extents.stretchesAngles = cosines.shape[0] == 1
        }
        return extents
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        _ = try extents(of: operands)
        return [try operands.type(0)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let extents = try extents(of: operands)
        let isFlat = outputs[0].shape.rank == 3
        // For whole heads it does not matter which numbers form pairs.
        let input: [AxisRelation] =
            isFlat
            ? [
                .pointwise(0), .pointwise(1),
                .window(of: 2, AxisWindow(divisor: extents.headDim, block: extents.headDim)),
            ]
            : [.pointwise(0), .pointwise(1), .pointwise(2), .opaque]
        let places: [AxisRelation] = [.pointwise(0), .pointwise(isFlat ? 1 : 2)]
        let angles: [AxisRelation] =
            operands.has(3)
            ? [.gathered, .opaque] : [extents.stretchesAngles ? .stretched : places[0], places[1], .opaque]
        return AxisRelations(operands, [input, angles, angles, places])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 3, bytes: Cost.traffic(operands, outputs))
    }
}
