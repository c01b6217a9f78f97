public import Tensors

/// What is wrong with a model: where in it, and what to do about it.
public struct GraphError: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// An operator that cannot take its operands, named with their types.
    public init(node: Node, operands: [TensorType?], reason: String) {
        let list = operands.map { $0?.description ?? "absent" }.joined(separator: ", ")
        description = "node '\(node.name)' (\(node.operation.name)) on (\(list)): \(reason)"
    }
}

/// Why an operator cannot tell its outputs from its operands. The graph adds the node's name and shapes.
public enum InferenceError: Error, Sendable, CustomStringConvertible {
    /// The operands contradict the attributes or one another.
    case mismatch(String)
    /// The output's shape depends on the elements of this operand, which are not known before the run.
    case needsConstant(operand: Int)
    /// The output's shape depends on data by nature, whichever operands are known.
    case dataDependent

    public var description: String {
        switch self {
        case .mismatch(let reason): reason
        case .needsConstant(let operand):
            "the elements of operand \(operand) decide the output's shape and are known only while the model runs"
        case .dataDependent: "the output's shape is known only while the model runs"
        }
    }
}
