public import Tensors

/// The coordinates of the elements that are not 0, in row-major order: int64 [rank, count].
public struct NonZero: OperatorAttributes {
    public init() {}

    public var operatorName: String { "NonZero" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        _ = try operands.type(0)
        throw .dataDependent
    }
}
