public import Tensors

/// The determinants of the matrices in the last two axes.
public struct Determinant: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Det" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let rank = input.shape.rank
        guard rank >= 2, input.shape[rank - 1] == input.shape[rank - 2] else {
            throw .mismatch("square matrices are needed, not \(input.shape)")
        }
        return [TensorType(input.dtype, Shape(Array(input.shape.dimensions.dropLast(2))))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        return AxisRelations(operands, [.pointwise(rank: rank) + [.reduced, .reduced]])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let shape = operands[0]!.shape
        return Cost(
            flops: Double(shape.elementCount) * Double(shape[shape.rank - 1]) * 2 / 3,
            bytes: Cost.traffic(operands, outputs))
    }
}
