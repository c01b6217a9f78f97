public import Tensors

/// Operators on sequences: lists of tensors that exist only inside a stage and have no type.
public struct SequenceOperator: OperatorAttributes {
    public enum Kind: Hashable, Codable, Sendable {
        /// A sequence of the operands.
        case construct
        /// An empty sequence.
        case empty
        /// Operands: sequence, tensor, position (one integer; at the end where it is left out).
        case insert
        /// Operands: sequence, position (the last where it is left out).
        case erase
        /// The tensor at a position. Operands: sequence, position.
        case element
        /// How many tensors there are, as an int64 scalar.
        case length
        /// A tensor cut along an axis: into pieces of the length, or of the lengths, in operand 1; otherwise into
        /// slices of 1, with or without the axis.
        case split(axis: Int, keepsAxis: Bool)
        /// The tensors one after another along an axis, or along a new one.
        case concatenate(axis: Int, addsAxis: Bool)
    }

    public var kind: Kind

    public init(_ kind: Kind) { self.kind = kind }

    public var operatorName: String {
        switch kind {
        case .construct: "SequenceConstruct"
        case .empty: "SequenceEmpty"
        case .insert: "SequenceInsert"
        case .erase: "SequenceErase"
        case .element: "SequenceAt"
        case .length: "SequenceLength"
        case .split: "SplitToSequence"
        case .concatenate: "ConcatFromSequence"
        }
    }

    /// Whether the result is a sequence, and not a tensor.
    public var makesSequence: Bool {
        switch kind {
        case .construct, .empty, .insert, .erase, .split: true
        case .element, .length, .concatenate: false
        }
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] { throw .dataDependent }
}
