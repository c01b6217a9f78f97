public import Tensors

/// Several nodes as one: a body that runs once. Values that its nodes pass to one another never leave it; sequences
/// must not leave it.
public struct Enclosure: OperatorAttributes {
    /// Its parameters are the operands.
    public var body: Graph

    public init(body: Graph) { self.body = body }

    public var operatorName: String { "Enclosure" }

    /// `BoundGraph` looks into the body itself.
    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] { throw .dataDependent }
}
