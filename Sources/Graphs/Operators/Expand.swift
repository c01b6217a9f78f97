public import Tensors

/// Broadcasts to the shape in operand 1.
public struct Expand: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Expand" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        return [TensorType(input.dtype, try broadcastShape(input.shape, checkedShape(operands.integers(1))))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [operands.relations(0) { .broadcast($0, to: outputs[0].shape) }])
    }
}
