public import Tensors

/// An operator that no kernel here computes. A model that holds one can be inspected, not run.
public struct Unsupported: OperatorAttributes {
    public let operatorName: String

    /// - Parameter name: with its domain where that is not the standard one, as `com.microsoft.FusedConv`.
    public init(_ name: String) { operatorName = name }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        throw .mismatch("this operator is not supported")
    }
}
