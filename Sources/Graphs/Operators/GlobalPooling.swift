public import Tensors

/// Reduces all spatial axes of [batch, channels, spatial...] to extent 1.
public struct GlobalPooling: OperatorAttributes {
    public enum Kind: Hashable, Codable, Sendable {
        case maximum, average
        case norm(p: Int)
    }

    public var kind: Kind

    public init(_ kind: Kind) { self.kind = kind }

    public var operatorName: String {
        switch kind {
        case .maximum: "GlobalMaxPool"
        case .average: "GlobalAveragePool"
        case .norm: "GlobalLpPool"
        }
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank >= 2 else { throw .mismatch("batch and channel axes are needed") }
        let ones = [Int](repeating: 1, count: input.shape.rank - 2)
        return [TensorType(input.dtype, Shape([input.shape[0], input.shape[1]] + ones))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        return AxisRelations(operands, [[.pointwise(0), .pointwise(1)] + (2..<rank).map { _ in .reduced }])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(operands[0]!.shape.elementCount), bytes: Cost.traffic(operands, outputs))
    }
}
