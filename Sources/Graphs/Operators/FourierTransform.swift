public import Tensors

/// The discrete Fourier transform along an axis of [..., 1] (real) or [..., 2] (complex). Operands: signal, length
/// (optional, one integer): the signal is cut, or filled with zeros, to this length; axis (optional, one integer).
public struct FourierTransform: OperatorAttributes {
    public var isInverse: Bool
    /// Whether the spectrum is only the half that determines the rest where the signal is real: it is the result of the
    /// forward transform, and the operand of the inverse one.
    public var isOneSided: Bool
    /// The axis, where operand 2 does not give it.
    public var axis: Int

    /// The most points that a transform can have: what it keeps for them must fit into memory.
    public static let pointLimit = 1 << 24

    public init(isInverse: Bool = false, isOneSided: Bool = false, axis: Int = -2) {
        self.isInverse = isInverse
        self.isOneSided = isOneSided
        self.axis = axis
    }

    public var operatorName: String { "DFT" }

    /// The axis from 0, and the points of the transform.
    public func extent(of operands: Operands) throws(InferenceError) -> (axis: Int, points: Int) {
        let shape = try operands.shape(0)
        guard shape.rank >= 2, shape[shape.rank - 1] == 1 || shape[shape.rank - 1] == 2 else {
            throw .mismatch("\(shape) does not end in an axis of 1 (real) or 2 (complex)")
        }
        var axis = axis
        if operands.has(2) {
            guard let given = try operands.integers(2).first else { throw .mismatch("the axis is empty") }
            axis = given
        }
        axis = try normalizedAxis(axis, rank: shape.rank)
        guard axis < shape.rank - 1 else { throw .mismatch("the last axis holds real and imaginary parts") }
        var points = isInverse && isOneSided ? 2 * (shape[axis] - 1) : shape[axis]
        if operands.has(1) {
            guard let given = try operands.integers(1).first else { throw .mismatch("the length is empty") }
            points = given
        }
        guard points >= 1, points <= FourierTransform.pointLimit else {
            throw .mismatch("a transform of \(points) points")
        }
        return (axis, points)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let (axis, points) = try extent(of: operands)
        var dimensions = input.shape.dimensions
        dimensions[axis] = isOneSided && !isInverse ? points / 2 + 1 : points
        dimensions[dimensions.count - 1] = isOneSided && isInverse ? 1 : 2
        return [TensorType(input.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let shape = try operands.shape(0)
        var relations = [AxisRelation].pointwise(rank: shape.rank)
        relations[try extent(of: operands).axis] = .reduced
        relations[shape.rank - 1] = .reduced
        return AxisRelations(operands, [relations])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 40, bytes: Cost.traffic(operands, outputs))
    }
}
