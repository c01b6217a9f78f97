public import Tensors

/// Drops axes of extent 1: those in operand 1, or all of them.
public struct Squeeze: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Squeeze" }
    public var isView: Bool { true }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        var dropped: Set<Int> = []
        if operands.has(1) {
            for axis in try operands.integers(1) {
                let axis = try normalizedAxis(axis, rank: input.shape.rank)
                guard input.shape[axis] == 1 else {
                    throw .mismatch("axis \(axis) has extent \(input.shape[axis]), not 1")
                }
                dropped.insert(axis)
            }
        } else {
            dropped = Set((0..<input.shape.rank).filter { input.shape[$0] == 1 })
        }
        let kept = (0..<input.shape.rank).filter { !dropped.contains($0) }
        return [TensorType(input.dtype, Shape(kept.map { input.shape[$0] }))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [operands.relations(0) { .reshaped($0, to: outputs[0].shape) }])
    }
}
