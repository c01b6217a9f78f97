public import Tensors

/// (x - mean) / sqrt(variance + epsilon) * scale + bias, with mean and variance over groups of neighbouring channels
/// of each item of [batch, channels, spatial...]. Operands: x, scale, bias; both [channels], or [groups] as opset 18
/// had it.
public struct GroupNormalization: OperatorAttributes {
    public var groups: Int
    public var epsilon: Float

    public init(groups: Int, epsilon: Float = 1e-5) {
        self.groups = groups
        self.epsilon = epsilon
    }

    public var operatorName: String { "GroupNormalization" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank >= 2, groups > 0, input.shape[1] % groups == 0 else {
            throw .mismatch("the channels of \(input.shape) do not divide into \(groups) groups")
        }
        for index in 1...2 {
            let parameters = try operands.shape(index)
            guard parameters == [input.shape[1]] || parameters == [groups] else {
                throw .mismatch(
                    "operand \(index) must have \(input.shape[1]) elements (one per channel) or \(groups) (per group)")
            }
        }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let shape = outputs[0].shape
        let channels = groups == 1 ? shape[1] : shape[1] / groups
        let parameter = { (index: Int) in
            operands.relations(index) { parameters in
                parameters[0] == shape[1] ? [.pointwise(1)] : [.window(of: 1, AxisWindow(divisor: channels))]
            }
        }
        return AxisRelations(
            operands,
            [
                [.pointwise(0), .window(of: 1, AxisWindow(divisor: channels, block: channels))]
                    + (2..<shape.rank).map { _ in .reduced }, parameter(1), parameter(2),
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 5, bytes: Cost.traffic(operands, outputs))
    }
}
