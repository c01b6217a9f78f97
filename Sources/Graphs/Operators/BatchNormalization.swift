public import Tensors

/// (x - mean) / sqrt(variance + epsilon) * scale + bias per channel of [batch, channels, ...]. Operands: x, scale,
/// bias, mean, variance.
public struct BatchNormalization: OperatorAttributes {
    public var epsilon: Float

    public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

    public var operatorName: String { "BatchNormalization" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        // A batch without a channel axis has one channel.
        let channels = input.shape.rank > 1 ? input.shape[1] : 1
        for index in 1...4 where try operands.shape(index) != [channels] {
            throw .mismatch("operand \(index) must have \(channels) elements, one per channel")
        }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let shape = outputs[0].shape
        let parameter = shape.rank > 1 ? AxisRelation.pointwise(1) : .stretched
        return AxisRelations(operands, [.pointwise(rank: shape.rank)] + Array(repeating: [parameter], count: 4))
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 2, bytes: Cost.traffic(operands, outputs))
    }
}
