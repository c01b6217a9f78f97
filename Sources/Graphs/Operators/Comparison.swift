public import Tensors

/// A relation of two elements.
public enum Relation: String, Sendable, Codable, CaseIterable {
    case equal = "Equal"
    case less = "Less"
    case lessOrEqual = "LessOrEqual"
    case greater = "Greater"
    case greaterOrEqual = "GreaterOrEqual"
}

/// Whether a relation holds, for each pair of elements, with broadcasting.
public struct Comparison: OperatorAttributes {
    public var relation: Relation

    public init(_ relation: Relation) { self.relation = relation }

    public var operatorName: String { relation.rawValue }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let left = try operands.type(0)
        let right = try operands.type(1)
        guard left.dtype == right.dtype else { throw .mismatch("the operands must have one dtype") }
        return [TensorType(.bool, try broadcastShape(left.shape, right.shape))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
