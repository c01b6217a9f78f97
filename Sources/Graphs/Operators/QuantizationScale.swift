public import Tensors

/// Which elements of a tensor share a scale and a zero point: all of them, those at one index of an axis, or those of a
/// block along an axis.
public struct QuantizationScale: Hashable, Codable, Sendable {
    public var axis: Int
    /// Elements along the axis that share a scale; 0 where there are no blocks.
    public var blockSize: Int

    public init(axis: Int = 1, blockSize: Int = 0) {
        self.axis = axis
        self.blockSize = blockSize
    }

    /// How the scale of an element is found in a tensor seen as [outer, extent, inner].
    public struct Layout: Hashable, Sendable {
        public let outer: Int
        public let extent: Int
        public let inner: Int
        /// Elements along the axis that share a scale.
        public let block: Int
        /// The distance from one index to the next, in elements of the scales.
        public let outerStride: Int
        public let blockStride: Int
        public let innerStride: Int
    }

    /// - Throws: where scales of this shape do not fit the tensor.
    public func layout(of shape: Shape, scale: Shape) throws(InferenceError) -> Layout {
        if blockSize == 0, scale.rank == 0 || (scale.rank == 1 && scale[0] == 1) {
            return Layout(
                outer: 1, extent: 1, inner: shape.elementCount, block: 1, outerStride: 0, blockStride: 0, innerStride: 0
            )
        }
        let axis = try normalizedAxis(axis, rank: shape.rank)
        let outer = shape.elementCount(over: 0..<axis)
        let inner = shape.elementCount(over: (axis + 1)..<shape.rank)
        guard blockSize != 0 else {
            guard scale == [shape[axis]] else {
                throw .mismatch("scales \(scale) for the \(shape[axis]) indices of axis \(axis) of \(shape)")
            }
            return Layout(
                outer: outer, extent: shape[axis], inner: inner, block: 1, outerStride: 0, blockStride: 1,
                innerStride: 0)
        }
        guard blockSize > 0 else { throw .mismatch("blocks of \(blockSize) elements") }
        let blocks = shape[axis] / blockSize + (shape[axis] % blockSize == 0 ? 0 : 1)
        var dimensions = shape.dimensions
        dimensions[axis] = blocks
        guard scale.dimensions == dimensions else {
            throw .mismatch("scales \(scale) for \(shape) in blocks of \(blockSize) along axis \(axis)")
        }
        return Layout(
            outer: outer, extent: shape[axis], inner: inner, block: blockSize, outerStride: blocks * inner,
            blockStride: inner, innerStride: 1)
    }

    /// How results of the shape of operand 0 relate to the scales or the zero points; nil where these are left out.
    func relations(_ index: Int, _ operands: Operands) throws(InferenceError) -> [AxisRelation]? {
        let shape = try operands.shape(0)
        guard operands.has(index), try operands.shape(index).elementCount != 1 else {
            return operands.relations(index, all: .stretched)
        }
        let axis = try normalizedAxis(axis, rank: shape.rank)
        guard blockSize > 0 else { return [.pointwise(axis)] }
        var relations = [AxisRelation].pointwise(rank: shape.rank)
        relations[axis] = .window(of: axis, AxisWindow(divisor: blockSize))
        return relations
    }

    /// Checks scale (operand 1) and zero point (operand 2, optional) of a linear quantisation.
    func check(_ operands: Operands) throws(InferenceError) {
        let scale = try operands.type(1)
        guard scale.dtype.isFloatingPoint else { throw .mismatch("the scale must be floating point, not \(scale)") }
        _ = try layout(of: try operands.shape(0), scale: scale.shape)
        guard operands.has(2) else { return }
        let zero = try operands.shape(2)
        guard zero == scale.shape || (zero.elementCount == 1 && scale.shape.elementCount == 1) else {
            throw .mismatch("zero points \(zero) for scales \(scale.shape)")
        }
    }
}

extension DType {
    /// Whether numbers can be quantised to it.
    var isQuantized: Bool {
        switch self {
        case .int8, .uint8, .int16, .uint16: true
        default: false
        }
    }

    var isEightBitInteger: Bool { self == .int8 || self == .uint8 }
}
