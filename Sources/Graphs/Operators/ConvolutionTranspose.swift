public import Tensors

/// Transposed convolution of [batch, channels, spatial...] with weights [channels, outChannels / groups, kernel...] and
/// a bias [outChannels] (operand 2).
public struct ConvolutionTranspose: OperatorAttributes {
    public var window: SpatialWindow
    public var groups: Int
    /// Extra cells at the end of each axis.
    public var outputPadding: [Int]
    /// Output extents that the padding is chosen for, where the model gives them.
    public var outputShape: [Int]?
    public var activation: Unary?

    public init(
        window: SpatialWindow, groups: Int = 1, outputPadding: [Int], outputShape: [Int]? = nil,
        activation: Unary? = nil
    ) {
        self.window = window
        self.groups = groups
        self.outputPadding = outputPadding
        self.outputShape = outputShape
        self.activation = activation
    }

    public var operatorName: String { "ConvTranspose" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let weights = try operands.type(1)
        guard input.dtype == weights.dtype else { throw .mismatch("input and weights must have one dtype") }
        guard weights.shape.rank >= 3 else { throw .mismatch("weights need at least 3 axes") }
        let kernel = Array(weights.shape.dimensions.dropFirst(2))
        try window.validate(kernel: kernel, inputRank: input.shape.rank)
        guard outputPadding.count == kernel.count,
            (outputPadding + (outputShape ?? [])).allSatisfy({
                $0 >= 0 && $0 < SpatialWindow.attributeLimit
            }), outputShape == nil || outputShape!.count == kernel.count
        else { throw .mismatch("output padding or output shape do not fit \(kernel.count) spatial axes") }
        guard groups > 0, input.shape[1] % groups == 0, weights.shape[0] == input.shape[1], weights.shape[1] > 0 else {
            throw .mismatch(
                "the input has \(input.shape[1]) channels, the weights take \(weights.shape[0]) in \(groups) groups")
        }
        let outChannels = try checkedShape([weights.shape[1], groups]).elementCount
        if operands.has(2), try operands.shape(2) != [outChannels] {
            throw .mismatch("a bias of \(outChannels) elements is needed, not \(try operands.shape(2))")
        }
        var dimensions = [input.shape[0], outChannels]
        for axis in kernel.indices {
            guard input.shape[axis + 2] < SpatialWindow.attributeLimit else {
                throw .mismatch("\(input.shape[axis + 2]) cells on spatial axis \(axis)")
            }
            let extent = outputExtent(input: input.shape[axis + 2], kernel: kernel[axis], axis: axis)
            guard extent >= 0 else { throw .mismatch("padding exceeds the output on spatial axis \(axis)") }
            dimensions.append(extent)
        }
        return [TensorType(input.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (input, weights) = (try operands.shape(0), try operands.shape(1))
        // Of the channels that a group writes and reads.
        let (made, taken) = (weights[1], groups == 1 ? weights[0] : weights[0] / groups)
        let channels =
            groups == 1 ? AxisRelation.reduced : .window(of: 1, AxisWindow(divisor: made, block: taken))
        let spatial = (2..<input.rank).map { axis in
            let kernel = weights[axis]
            let before = pads(input: input[axis], kernel: kernel, axis: axis - 2).before
            let stride = window.strides[axis - 2]
            // Cell x affects the outputs from x * stride - before on, as many as the kernel spans.
            return AxisRelation.window(
                of: axis,
                AxisWindow(first: before + stride - window.span(kernel, axis: axis - 2), last: before, divisor: stride))
        }
        let columns = groups == 1 ? AxisWindow.pointwise : AxisWindow(outside: .wrapped)
        return AxisRelations(
            operands,
            [
                [.pointwise(0), channels] + spatial,
                [channels, .window(of: 1, columns)] + spatial.map { _ in .reduced }, [.pointwise(1)],
            ])
    }

    /// Cells cut off before and after an axis of the full result; added after it where that count is negative, since a
    /// model may ask for a larger output.
    public func pads(input: Int, kernel: Int, axis: Int) -> (before: Int, after: Int) {
        let full = fullExtent(input: input, kernel: kernel, axis: axis)
        // Formula of the ONNX operator: the total padding gives the output the required shape, or input * stride.
        let target: Int
        if let outputShape {
            target = outputShape[axis]
        } else if case .explicit(let before, let after) = window.padding {
            return (before[axis], after[axis])
        } else {
            target = input * window.strides[axis]
        }
        if outputShape != nil, full < target { return (0, full - target) }
        let total = max(0, full - target)
        let half = total / 2
        return window.padding == .sameUpper ? (half, total - half) : (total - half, half)
    }

    func outputExtent(input: Int, kernel: Int, axis: Int) -> Int {
        let (before, after) = pads(input: input, kernel: kernel, axis: axis)
        return fullExtent(input: input, kernel: kernel, axis: axis) - before - after
    }

    private func fullExtent(input: Int, kernel: Int, axis: Int) -> Int {
        (input - 1) * window.strides[axis] + outputPadding[axis] + window.span(kernel, axis: axis)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let weights = operands[1]!.shape
        let perInput = Double(weights.elementCount(over: 1..<weights.rank)) * 2
        return Cost(
            flops: Double(operands[0]!.shape.elementCount) * perInput, bytes: Cost.traffic(operands, outputs))
    }
}
