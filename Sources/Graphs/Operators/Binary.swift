public import Tensors

/// A function of two elements that gives one of the same dtype.
public enum BinaryFunction: String, Sendable, Codable, CaseIterable {
    case add = "Add"
    case subtract = "Sub"
    case multiply = "Mul"
    case divide = "Div"
    case power = "Pow"
    case minimum = "Min"
    case maximum = "Max"
    /// Remainder with the sign of the divisor, like Python's `%`.
    case modulo = "Mod"
    /// Remainder with the sign of the dividend, like C's `fmod`.
    case remainder = "Fmod"
    /// x where x >= 0, slope * x elsewhere.
    case parametricRelu = "PRelu"
    case and = "And"
    case or = "Or"
    case xor = "Xor"
    case bitwiseAnd = "BitwiseAnd"
    case bitwiseOr = "BitwiseOr"
    case bitwiseXor = "BitwiseXor"
    case shiftLeft = "ShiftLeft"
    case shiftRight = "ShiftRight"
}

/// z = f(x, y) for each pair of elements, with broadcasting. The result has x's dtype.
public struct Binary: OperatorAttributes {
    public var function: BinaryFunction

    public init(_ function: BinaryFunction) { self.function = function }

    public var operatorName: String { function.rawValue }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let left = try operands.type(0)
        let right = try operands.type(1)
        guard left.dtype == right.dtype || function == .power else {
            throw .mismatch("the operands must have one dtype")
        }
        return [TensorType(left.dtype, try broadcastShape(left.shape, right.shape))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
