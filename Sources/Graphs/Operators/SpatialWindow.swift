internal import Tensors

/// The sliding window that convolutions and pools share, per spatial axis: strides, dilations, and padding.
public struct SpatialWindow: Hashable, Codable, Sendable {
    /// How ONNX's `auto_pad` asks for padding that follows from the input's extent.
    public enum Padding: Hashable, Codable, Sendable {
        /// Cells before and after each axis.
        case explicit(before: [Int], after: [Int])
        /// Output extent = input extent / stride, rounded up; the odd cell goes after (upper) or before (lower).
        case sameUpper, sameLower
    }

    public var strides: [Int]
    public var dilations: [Int]
    public var padding: Padding

    /// Larger attributes make no sense in a convolution and could overflow integer arithmetic.
    static let attributeLimit = 1 << 30

    public init(strides: [Int], dilations: [Int], padding: Padding) {
        self.strides = strides
        self.dilations = dilations
        self.padding = padding
    }

    /// A window of stride 1 without dilation or padding.
    public init(rank: Int) {
        self.init(
            strides: [Int](repeating: 1, count: rank), dilations: [Int](repeating: 1, count: rank),
            padding: .explicit(before: [Int](repeating: 0, count: rank), after: [Int](repeating: 0, count: rank)))
    }

    /// Cells that the kernel spans on an axis.
    public func span(_ kernel: Int, axis: Int) -> Int { (kernel - 1) * dilations[axis] + 1 }

    /// Throws unless the window has as many axes as the input and its numbers are valid.
    func validate(kernel: [Int], inputRank: Int) throws(InferenceError) {
        let rank = kernel.count
        guard inputRank == rank + 2, strides.count == rank, dilations.count == rank else {
            throw .mismatch("a window over \(rank) axes does not fit an input with \(inputRank) axes")
        }
        var numbers = kernel + strides + dilations
        guard numbers.allSatisfy({ $0 > 0 }) else {
            throw .mismatch("kernel \(kernel), strides \(strides), dilations \(dilations) must be positive")
        }
        if case .explicit(let before, let after) = padding {
            guard before.count == rank, after.count == rank else { throw .mismatch("pads for \(rank) axes are needed") }
            numbers += before + after
        }
        guard numbers.allSatisfy({ abs($0) < SpatialWindow.attributeLimit }) else {
            throw .mismatch("a window attribute is 2^30 or more")
        }
    }

    /// Padding cells before and after an axis for an input of that extent.
    public func pads(input: Int, kernel: Int, axis: Int) -> (before: Int, after: Int) {
        switch padding {
        case .explicit(let before, let after): return (before[axis], after[axis])
        case .sameUpper, .sameLower:
            let output = (input + strides[axis] - 1) / strides[axis]
            let total = max(0, (output - 1) * strides[axis] + span(kernel, axis: axis) - input)
            let half = total / 2
            return padding == .sameUpper ? (half, total - half) : (total - half, half)
        }
    }

    /// Output extent of one axis. With `ceil`, a last window that starts inside the input or its front padding counts
    /// even where it extends beyond the end (ONNX `ceil_mode`).
    func outputExtent(input: Int, kernel: Int, axis: Int, ceil: Bool = false) throws(InferenceError) -> Int {
        let (before, after) = pads(input: input, kernel: kernel, axis: axis)
        let room = input + before + after - span(kernel, axis: axis)
        guard room >= 0 else {
            throw .mismatch(
                "a window of \(span(kernel, axis: axis)) cells exceeds the \(input) cells of spatial axis \(axis)")
        }
        guard ceil else { return room / strides[axis] + 1 }
        let output = (room + strides[axis] - 1) / strides[axis] + 1
        return (output - 1) * strides[axis] >= input + before ? output - 1 : output
    }
}

extension SpatialWindow {
    /// What outputs [batch, channels, spatial...] read along the spatial axes of an input [batch, channels, spatial...].
    func spatialRelations(_ input: Shape, kernel: [Int]) -> [AxisRelation] {
        kernel.indices.map { axis in
            let before = pads(input: input[axis + 2], kernel: kernel[axis], axis: axis).before
            return .window(
                of: axis + 2,
                AxisWindow(step: strides[axis], first: -before, last: span(kernel[axis], axis: axis) - 1 - before))
        }
    }

    /// What the outputs of a convolution read of its input.
    ///
    /// - Parameter weights: [outChannels, channels / groups, kernel...]
    func inputRelations(_ input: Shape, weights: Shape, groups: Int) -> [AxisRelation] {
        let channels =
            groups == 1
            ? AxisRelation.reduced : .window(of: 1, AxisWindow(divisor: weights[0] / groups, block: weights[1]))
        return [.pointwise(0), channels] + spatialRelations(input, kernel: Array(weights.dimensions.dropFirst(2)))
    }

    /// What the outputs of a convolution read of its weights: those of their own channel.
    func weightRelations(_ weights: Shape) -> [AxisRelation] {
        [.pointwise(1)] + (1..<weights.rank).map { _ in .reduced }
    }
}
