public import Tensors

/// Convolution of quantised numbers, quantised: saturate(round((sum + bias) * (x scale * w scale / y scale)) + y0),
/// rounding half to even, where the sum is that of `ConvInteger`. Operands: x, x scale, x0, weights, w scale, w0, y
/// scale, y0, bias (optional; int32 [outChannels]); the weights may have one scale and one zero point for each output
/// channel.
public struct QLinearConv: OperatorAttributes {
    public var window: SpatialWindow
    public var groups: Int

    public init(window: SpatialWindow, groups: Int = 1) {
        self.window = window
        self.groups = groups
    }

    public var operatorName: String { "QLinearConv" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let shape = try IntegerConvolution.shape(operands, x: 0, weights: 3, window: window, groups: groups)
        let target = try operands.type(7).dtype
        guard target.isEightBitInteger else { throw .mismatch("the result must be int8 or uint8, not \(target)") }
        for (index, count, dtype) in [
            (1, 1, nil), (2, 1, try operands.type(0).dtype), (4, shape[1], nil),
            (5, shape[1], try operands.type(3).dtype), (6, 1, nil), (7, 1, target),
        ] {
            try IntegerProduct.checkParameter(operands, index, of: count, dtype: dtype)
        }
        if operands.has(8) {
            let bias = try operands.type(8)
            guard bias == TensorType(.int32, [shape[1]]) else {
                throw .mismatch("the bias must be int32 \(shape[1]), not \(bias)")
            }
        }
        return [TensorType(target, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (input, weights) = (try operands.shape(0), try operands.shape(3))
        let parameter = { (index: Int) in operands.relations(index) { .parameter($0, along: 1, of: weights[0]) } }
        return AxisRelations(
            operands,
            [
                window.inputRelations(input, weights: weights, groups: groups), parameter(1), parameter(2),
                window.weightRelations(weights), parameter(4), parameter(5), parameter(6), parameter(7), parameter(8),
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        IntegerConvolution.cost(of: operands, weights: 3, outputs: outputs)
    }
}
