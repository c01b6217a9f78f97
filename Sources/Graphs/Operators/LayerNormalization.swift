public import Tensors

/// (x - mean) / sqrt(variance + epsilon) * scale + bias over the axes from `axis` on; without `subtractsMean`
/// x / sqrt(mean of squares + epsilon) * scale. Operands: x, scale, bias (optional); the last two broadcast to x.
/// Outputs 1 and 2, where needed: the mean, and 1 / standard deviation, float32 with the folded axes of extent 1.
public struct LayerNormalization: OperatorAttributes {
    public var axis: Int
    public var epsilon: Float
    /// False in RMSNormalization, which has neither bias nor further outputs.
    public var subtractsMean: Bool

    public init(axis: Int = -1, epsilon: Float = 1e-5, subtractsMean: Bool = true) {
        self.axis = axis
        self.epsilon = epsilon
        self.subtractsMean = subtractsMean
    }

    public var operatorName: String { subtractsMean ? "LayerNormalization" : "RMSNormalization" }
    public var alwaysMakesFirst: Bool { true }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let axis = try normalizedAxis(axis, rank: input.shape.rank)
        for index in 1...2 where index == 1 || operands.has(index) {
            let parameters = try operands.shape(index)
            guard try broadcastShape(input.shape, parameters) == input.shape else {
                throw .mismatch("operand \(index), \(parameters), does not broadcast to \(input.shape)")
            }
        }
        guard subtractsMean else { return [input] }
        let folded = Shape(input.shape.dimensions.enumerated().map { $0.offset < axis ? $0.element : 1 })
        return [input, TensorType(.float32, folded), TensorType(.float32, folded)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let shape = outputs[0].shape
        let axis = try normalizedAxis(axis, rank: shape.rank)
        let input = (0..<shape.rank).map { $0 < axis ? AxisRelation.pointwise($0) : .reduced }
        let parameter = { (index: Int) in operands.relations(index) { .broadcast($0, to: shape) } }
        let statistics: [[AxisRelation]?] = [input, nil, nil]
        return AxisRelations(
            operands,
            outputs: [[input, parameter(1), parameter(2)]] + outputs.dropFirst().map { _ in statistics })
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 5, bytes: Cost.traffic(operands, [outputs[0]]))
    }
}
