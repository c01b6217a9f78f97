public import Tensors

/// Running sums or products along the axis in operand 1 (one integer).
public struct Cumulation: OperatorAttributes {
    public enum Kind: String, Hashable, Codable, Sendable {
        case sum = "CumSum"
        case product = "CumProd"
    }

    public var kind: Kind
    /// Leaves out the element itself, so that the first result is 0 (or 1).
    public var isExclusive: Bool
    /// From the end of the axis.
    public var isReversed: Bool

    public init(kind: Kind = .sum, isExclusive: Bool = false, isReversed: Bool = false) {
        self.kind = kind
        self.isExclusive = isExclusive
        self.isReversed = isReversed
    }

    public var operatorName: String { kind.rawValue }

    /// The axis, from 0.
    public func axis(of operands: Operands) throws(InferenceError) -> Int {
        let axes = try operands.integers(1)
        guard axes.count == 1 else { throw .mismatch("one axis is needed, not \(axes.count)") }
        return try normalizedAxis(axes[0], rank: operands.shape(0).rank)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        _ = try axis(of: operands)
        return [try operands.type(0)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let shape = outputs[0].shape
        let axis = try axis(of: operands)
        let gap = isExclusive ? 1 : 0
        var relations = [AxisRelation].pointwise(rank: shape.rank)
        relations[axis] = .window(
            of: axis,
            isReversed ? AxisWindow(first: gap, last: shape[axis] - 1) : .upTo(-gap, extent: shape[axis]))
        return AxisRelations(operands, [relations])
    }
}
