public import Tensors

/// A convolution in which each kernel cell is moved by its own offset and the input is interpolated linearly between
/// cells; outside there are zeros. Operands: input [batch, channels, spatial...], weights
/// [outputs, channels / groups, kernel...], offsets [batch, offsetGroups * cells * axes, out spatial...], bias
/// (optional), mask [batch, offsetGroups * cells, out spatial...] (optional).
public struct DeformableConvolution: OperatorAttributes {
    public var window: SpatialWindow
    public var groups: Int
    public var offsetGroups: Int

    public init(window: SpatialWindow, groups: Int = 1, offsetGroups: Int = 1) {
        self.window = window
        self.groups = groups
        self.offsetGroups = offsetGroups
    }

    public var operatorName: String { "DeformConv" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let weights = try operands.type(1)
        let offsets = try operands.type(2)
        guard weights.shape.rank >= 3, weights.dtype == input.dtype, offsets.dtype == input.dtype else {
            throw .mismatch("input, weights and offsets must have one dtype, and weights at least 3 axes")
        }
        let kernel = Array(weights.shape.dimensions[2...])
        try window.validate(kernel: kernel, inputRank: input.shape.rank)
        guard groups > 0, offsetGroups > 0, input.shape[1] == (try product(weights.shape[1], groups)),
            weights.shape[0] % groups == 0, input.shape[1] % offsetGroups == 0
        else {
            throw .mismatch(
                "\(input.shape[1]) channels do not fit weights of \(weights.shape), \(groups) groups and \(offsetGroups) "
                    + "groups of offsets")
        }
        var places: [Int] = []
        for axis in kernel.indices {
            places.append(
                try window.outputExtent(input: input.shape[axis + 2], kernel: kernel[axis], axis: axis, ceil: false))
        }
        let cells = try product(try checkedShape(kernel).elementCount, offsetGroups)
        let wanted = try checkedShape([input.shape[0], try product(cells, kernel.count)] + places)
        guard offsets.shape == wanted else { throw .mismatch("offsets are \(offsets.shape), and \(wanted) is needed") }
        if operands.has(3), try operands.shape(3) != [weights.shape[0]] {
            throw .mismatch("a bias of \(try operands.shape(3)) for \(weights.shape[0]) outputs")
        }
        if operands.has(4) {
            let masks = try checkedShape([input.shape[0], cells] + places)
            guard try operands.shape(4) == masks else {
                throw .mismatch("a mask of \(try operands.shape(4)), and \(masks) is needed")
            }
        }
        return [TensorType(input.dtype, try checkedShape([input.shape[0], weights.shape[0]] + places))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (input, weights) = (try operands.shape(0), try operands.shape(1))
        // Offsets have the numbers for the cells of the kernel on their channel axis.
        let places = [.pointwise(0), .reduced] + (2..<input.rank).map(AxisRelation.pointwise)
        return AxisRelations(
            operands,
            [
                Array(window.inputRelations(input, weights: weights, groups: groups).prefix(2))
                    + (2..<input.rank).map { _ in .gathered },
                window.weightRelations(weights), places, [.pointwise(1)], places,
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let weights = operands[1]!.shape
        let cells = Double(weights.elementCount(over: 1..<weights.rank))
        return Cost(
            flops: Double(outputs[0].shape.elementCount) * cells * 2 + Double(operands[2]!.shape.elementCount) * 16,
            bytes: Cost.traffic(operands, outputs))
    }
}
