public import Tensors

/// (x - mean) / sqrt(variance + epsilon) * scale + bias, with mean and variance of each channel of each item of
/// [batch, channels, spatial...]. Operands: x, scale [channels], bias [channels].
public struct InstanceNormalization: OperatorAttributes {
    public var epsilon: Float

    public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

    public var operatorName: String { "InstanceNormalization" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank >= 2 else { throw .mismatch("batch and channel axes are needed") }
        for index in 1...2 where try operands.shape(index) != [input.shape[1]] {
            throw .mismatch("operand \(index) must have \(input.shape[1]) elements, one per channel")
        }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        return AxisRelations(
            operands,
            [[.pointwise(0), .pointwise(1)] + (2..<rank).map { _ in .reduced }, [.pointwise(1)], [.pointwise(1)]])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 5, bytes: Cost.traffic(operands, outputs))
    }
}
