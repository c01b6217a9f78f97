public import Tensors

/// Runs one of two bodies, chosen by operand 0 (one bool). The further operands are the parameters of both.
public struct Conditional: OperatorAttributes {
    public var thenBranch: Graph
    public var elseBranch: Graph

    public init(thenBranch: Graph, elseBranch: Graph) {
        self.thenBranch = thenBranch
        self.elseBranch = elseBranch
    }

    public var operatorName: String { "If" }

    /// `BoundGraph` looks into the bodies itself.
    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] { throw .dataDependent }
}
