public import Tensors

/// The slices of operand 0 along an axis where the condition (operand 1, bool, one axis) is true; elements of the
/// flattened operand where no axis is given. A condition may be shorter than the axis.
public struct Compress: OperatorAttributes {
    public var axis: Int?

    public init(axis: Int? = nil) { self.axis = axis }

    public var operatorName: String { "Compress" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let (input, condition) = (try operands.type(0), try operands.type(1))
        if let axis { _ = try normalizedAxis(axis, rank: input.shape.rank) }
        guard condition.dtype == .bool, condition.shape.rank == 1 else {
            throw .mismatch("the condition must be bool with one axis, not \(condition)")
        }
        throw .dataDependent
    }
}
