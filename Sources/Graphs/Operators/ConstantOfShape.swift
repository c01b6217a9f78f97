public import Tensors

/// A tensor of the shape in operand 0, every element equal to that of operand 1.
public struct ConstantOfShape: OperatorAttributes {
    public init() {}

    public var operatorName: String { "ConstantOfShape" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        [TensorType(try operands.type(1).dtype, try checkedShape(operands.integers(0)))]
    }
}
