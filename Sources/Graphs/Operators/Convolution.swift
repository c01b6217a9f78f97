public import Tensors

/// Convolution of [batch, channels, spatial...] with weights [outChannels, channels / groups, kernel...], plus a bias
/// [outChannels] (operand 2), plus a residual of the output's shape (operand 3), followed by an activation. Residual
/// and activation come from nodes that were fused into this one; an imported convolution has neither.
public struct Convolution: OperatorAttributes {
    public var window: SpatialWindow
    public var groups: Int
    public var activation: Unary?

    public init(window: SpatialWindow, groups: Int = 1, activation: Unary? = nil) {
        self.window = window
        self.groups = groups
        self.activation = activation
    }

    public var operatorName: String { "Conv" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let weights = try operands.type(1)
        guard input.dtype == weights.dtype else { throw .mismatch("input and weights must have one dtype") }
        guard weights.shape.rank >= 3 else { throw .mismatch("weights need at least 3 axes") }
        let kernel = Array(weights.shape.dimensions.dropFirst(2))
        try window.validate(kernel: kernel, inputRank: input.shape.rank)
        guard groups > 0, weights.shape[1] > 0, input.shape[1] % groups == 0,
            weights.shape[1] == input.shape[1] / groups
        else {
            throw .mismatch(
                "the input has \(input.shape[1]) channels, the weights take \(weights.shape[1]) in each of \(groups) groups"
            )
        }
        guard weights.shape[0] > 0, weights.shape[0] % groups == 0 else {
            throw .mismatch("\(weights.shape[0]) output channels do not divide into \(groups) groups")
        }
        if operands.has(2) {
            let bias = try operands.shape(2)
            guard bias == [weights.shape[0]] else {
                throw .mismatch("a bias of \(weights.shape[0]) elements is needed, not \(bias)")
            }
        }
        var dimensions = [input.shape[0], weights.shape[0]]
        for axis in kernel.indices {
            dimensions.append(try window.outputExtent(input: input.shape[axis + 2], kernel: kernel[axis], axis: axis))
        }
        let output = TensorType(input.dtype, try checkedShape(dimensions))
        if operands.has(3) {
            let residual = try operands.type(3)
            guard residual == output else { throw .mismatch("the residual \(residual) is not the output's \(output)") }
        }
        return [output]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (input, weights) = (try operands.shape(0), try operands.shape(1))
        return AxisRelations(
            operands,
            [
                window.inputRelations(input, weights: weights, groups: groups), window.weightRelations(weights),
                [.pointwise(1)], .pointwise(rank: input.rank),
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let weights = operands[1]!.shape
        let perOutput = Double(weights.elementCount(over: 1..<weights.rank)) * 2
        return Cost(
            flops: Double(outputs[0].shape.elementCount) * perOutput, bytes: Cost.traffic(operands, outputs))
    }
}
