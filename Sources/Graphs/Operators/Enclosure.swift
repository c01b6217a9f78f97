public import Tensors

/// Nodes taken together to one: a body that runs once. What its nodes hand to one another never leaves it, as sequences
/// must not.
public struct Enclosure: OperatorAttributes {
    /// Its parameters are the operands.
    public var body: Graph

    public init(body: Graph) { self.body = body }

    public var operatorName: String { "Enclosure" }

    /// `BoundGraph` looks into the body itself.
    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] { throw .dataDependent }
}
