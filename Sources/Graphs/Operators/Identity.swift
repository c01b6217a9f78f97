public import Tensors

/// The operand itself. Passes remove it, except where an input is an output.
public struct Identity: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Identity" }
    public var isView: Bool { true }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] { [try operands.type(0)] }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
