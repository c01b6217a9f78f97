public import Tensors

/// Convolution of 8-bit numbers minus their zero points, exact in int32. Operands: x, weights, the zero point of x
/// (optional), that of the weights (optional; one for all, or one for each output channel). Padding has the value of
/// x's zero point.
public struct ConvInteger: OperatorAttributes {
    public var window: SpatialWindow
    public var groups: Int

    public init(window: SpatialWindow, groups: Int = 1) {
        self.window = window
        self.groups = groups
    }

    public var operatorName: String { "ConvInteger" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let shape = try IntegerConvolution.shape(operands, x: 0, weights: 1, window: window, groups: groups)
        try IntegerProduct.checkParameter(operands, 2, of: 1, dtype: try operands.type(0).dtype)
        try IntegerProduct.checkParameter(operands, 3, of: shape[1], dtype: try operands.type(1).dtype)
        return [TensorType(.int32, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (input, weights) = (try operands.shape(0), try operands.shape(1))
        return AxisRelations(
            operands,
            [
                window.inputRelations(input, weights: weights, groups: groups), window.weightRelations(weights),
                operands.relations(2) { .parameter($0, along: 1, of: weights[0]) },
                operands.relations(3) { .parameter($0, along: 1, of: weights[0]) },
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        IntegerConvolution.cost(of: operands, weights: 1, outputs: outputs)
    }
}
