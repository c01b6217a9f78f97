public import Tensors

/// Repeats a tensor along each axis as often as operand 1 says, one count per axis.
public struct Tile: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Tile" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let repeats = try operands.integers(1)
        guard repeats.count == input.shape.rank else {
            throw .mismatch("\(repeats.count) repeats for \(input.shape.rank) axes")
        }
        guard repeats.allSatisfy({ $0 >= 0 }) else { throw .mismatch("repeats \(repeats), and none may be negative") }
        var dimensions: [Int] = []
        for (extent, count) in zip(input.shape.dimensions, repeats) {
            dimensions.append(try product(extent, count))
        }
        return [TensorType(input.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let relations = try operands.shape(0).dimensions.enumerated().map { axis, extent in
            AxisRelation.window(of: axis, outputs[0].shape[axis] == extent ? .pointwise : AxisWindow(outside: .wrapped))
        }
        return AxisRelations(operands, [relations])
    }
}
