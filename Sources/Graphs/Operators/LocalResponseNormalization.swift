public import Tensors

/// x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta for [batch, channels, ...].
public struct LocalResponseNormalization: OperatorAttributes {
    public var size: Int
    public var alpha: Float
    public var beta: Float
    public var bias: Float

    public init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.bias = bias
    }

    public var operatorName: String { "LRN" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank >= 2, size > 0 else { throw .mismatch("a channel axis and a positive size are needed") }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let shape = outputs[0].shape
        var relations = [AxisRelation].pointwise(rank: shape.rank)
        let size = min(size, 2 * shape[1] + 1)
        relations[1] = .window(of: 1, AxisWindow(first: -((size - 1) / 2), last: size / 2))
        return AxisRelations(operands, [relations])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(
            flops: Double(outputs[0].shape.elementCount) * Double(size * 2 + 3), bytes: Cost.traffic(operands, outputs))
    }
}
