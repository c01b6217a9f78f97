public import Tensors

/// Elements of operand 1 where the condition (operand 0) holds, of operand 2 elsewhere, with broadcasting.
public struct Choice: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Where" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let condition = try operands.type(0)
        let first = try operands.type(1)
        let second = try operands.type(2)
        guard condition.dtype == .bool else { throw .mismatch("the condition must be bool") }
        guard first.dtype == second.dtype else { throw .mismatch("both choices must have one dtype") }
        return [
            TensorType(first.dtype, try broadcastShape(condition.shape, broadcastShape(first.shape, second.shape)))
        ]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
