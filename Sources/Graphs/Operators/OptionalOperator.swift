public import Tensors

/// What is done with optionals: values that may be nothing. One that holds something is that, so that an optional of a
/// tensor that is there has the tensor's type.
public struct OptionalOperator: OperatorAttributes {
    public enum Kind: Hashable, Codable, Sendable {
        /// An optional that holds nothing.
        case empty
        /// What the operand holds; nothing is an error.
        case element
        /// Whether the operand holds something, as a scalar; a missing operand does not.
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
        // Whether there is an element depends on no element.
        kind == .element
            ? .elementwise(operands, outputs: outputs) : AxisRelations(operands, outputs: outputs.map { _ in [nil] })
    }

    public func outputsKnown(from operands: Operands) -> [Tensor]? {
        kind == .hasElement ? [Tensor(scalar: operands.has(0))] : nil
    }
}
