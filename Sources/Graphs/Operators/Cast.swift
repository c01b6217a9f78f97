public import Tensors

/// The same numbers in another dtype.
public struct Cast: OperatorAttributes {
    public var target: DType

    public init(to target: DType) { self.target = target }

    public var operatorName: String { "Cast" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        [TensorType(target, try operands.shape(0))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
