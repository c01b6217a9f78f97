public import Tensors

/// Operators on optionals: values that may be empty. An optional that holds a value is that value, so that an optional
/// that holds a tensor has the tensor's type.
public struct OptionalOperator: OperatorAttributes {
    public enum Kind: Hashable, Codable, Sendable {
        /// An empty optional.
        case empty
        /// The value that the operand holds; an empty one is an error.
        case element
        /// Whether the operand holds a value, as a scalar; false for a missing operand.
        case hasElement
    }

    public var kind: Kind

    public init(_ kind: Kind) { self.kind = kind }

    public var operatorName: String {
        switch kind {
        case .empty: "Optional"
        case .element: "OptionalGetElement"
        case .hasElement: "OptionalHasElement"
        }
    }

    public var isView: Bool { kind == .element }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        switch kind {
        case .empty: throw .dataDependent
        case .element: [try operands.type(0)]
        case .hasElement: [TensorType(.bool, [])]
        }
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        // Whether the operand is empty depends on no element.
        kind == .element
            ? .elementwise(operands, outputs: outputs) : AxisRelations(operands, outputs: outputs.map { _ in [nil] })
    }

    public func outputsKnown(from operands: Operands) -> [Tensor]? {
        kind == .hasElement ? [Tensor(scalar: operands.has(0))] : nil
    }
}
