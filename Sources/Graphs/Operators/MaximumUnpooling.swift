public import Tensors

/// Puts elements back where a maximum was taken from, zeros elsewhere. Operands: data [batch, channels, spatial...], indices
/// of the same shape (places in the whole unpooled tensor, int64), the result's extents (optional).
public struct MaximumUnpooling: OperatorAttributes {
    public var kernel: [Int]
    public var window: SpatialWindow

    public init(kernel: [Int], window: SpatialWindow) {
        self.kernel = kernel
        self.window = window
    }

    public var operatorName: String { "MaxUnpool" }

    /// The extents that pooling with the same window would have had as input; the indices count in these.
    public func pooledShape(of operands: Operands) throws(InferenceError) -> Shape {
        let data = try operands.shape(0)
        try window.validate(kernel: kernel, inputRank: data.rank)
        guard case .explicit(let before, let after) = window.padding else {
            throw .mismatch("padding that follows from an extent which is not known")
        }
        var dimensions = [data[0], data[1]]
        for axis in kernel.indices {
            let spread = try product(max(data[axis + 2] - 1, 0), window.strides[axis])
            _ = try checkedShape([spread])
            dimensions.append(spread + kernel[axis] - before[axis] - after[axis])
        }
        return try checkedShape(dimensions)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let data = try operands.type(0)
        let indices = try operands.type(1)
        guard indices == TensorType(.int64, data.shape) else {
            throw .mismatch("indices must be int64 \(data.shape), not \(indices)")
        }
        let pooled = try pooledShape(of: operands)
        guard operands.has(2) else { return [TensorType(data.dtype, pooled)] }
        let shape = try checkedShape(operands.integers(2))
        guard shape.rank == pooled.rank, zip(shape.dimensions, pooled.dimensions).allSatisfy({ $0 >= $1 }) else {
            throw .mismatch("a result of \(shape), and at least \(pooled) is needed")
        }
        return [TensorType(data.dtype, shape)]
    }
}
