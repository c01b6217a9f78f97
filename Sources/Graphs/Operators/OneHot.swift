public import Tensors

/// A new axis with the on-value at each index and the off-value elsewhere. Operands: indices (any number type), depth
/// (one integer, constant), values [off, on]. Indices outside -depth..<depth give all off.
public struct OneHot: OperatorAttributes {
    public var axis: Int

    public init(axis: Int = -1) { self.axis = axis }

    public var operatorName: String { "OneHot" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let indices = try operands.type(0)
        let values = try operands.type(2)
        guard values.shape == [2] else { throw .mismatch("the values must be 2, off and on, not \(values.shape)") }
        let axis = try normalizedAxis(axis, rank: indices.shape.rank + 1)
        let depth = try depth(of: operands)
        var dimensions = indices.shape.dimensions
        dimensions.insert(depth, at: axis)
        return [TensorType(values.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let axis = try normalizedAxis(axis, rank: outputs[0].shape.rank)
        let indices = try operands.shape(0)
        return AxisRelations(
            operands,
            [
                (0..<indices.rank).map { .pointwise($0 < axis ? $0 : $0 + 1) }, operands.relations(1, all: .stretched),
                [.reduced],
            ])
    }

    /// The extent of the new axis.
    public func depth(of operands: Operands) throws(InferenceError) -> Int {
        let numbers: [Int]
        if try operands.type(1).dtype.isFloatingPoint {
            numbers = try operands.floats(1).compactMap { Int(exactly: $0.rounded(.towardZero)) }
        } else {
            numbers = try operands.integers(1)
        }
        guard numbers.count == 1, numbers[0] > 0 else { throw .mismatch("a depth of \(numbers) is no positive number") }
        return numbers[0]
    }
}
