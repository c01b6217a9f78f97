public import Tensors

/// exp(x) / sum(exp(x)), its logarithm, or a one at the first maximum, over one axis or (before opset 13) over all
/// axes from one on.
public struct Softmax: OperatorAttributes {
    public enum Kind: String, Hashable, Codable, Sendable {
        case softmax = "Softmax"
        case logSoftmax = "LogSoftmax"
        case hardmax = "Hardmax"
    }

    public var kind: Kind
    public var axis: Int
    /// The rule before opset 13: the axes from `axis` on count as one.
    public var flattensFromAxis: Bool

    public init(kind: Kind = .softmax, axis: Int = -1, flattensFromAxis: Bool = false) {
        self.kind = kind
        self.axis = axis
        self.flattensFromAxis = flattensFromAxis
    }

    public var operatorName: String { kind.rawValue }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        if input.shape.rank > 0 { _ = try normalizedAxis(axis, rank: input.shape.rank) }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        guard rank > 0 else { return AxisRelations(operands, [[]]) }
        let axis = try normalizedAxis(axis, rank: rank)
        let folded = flattensFromAxis ? axis..<rank : axis..<(axis + 1)
        return AxisRelations(operands, [(0..<rank).map { folded.contains($0) ? .reduced : .pointwise($0) }])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 5, bytes: Cost.traffic(operands, outputs))
    }
}
