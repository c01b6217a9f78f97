public import Tensors

/// The gated recurrent unit, gates in the order update, reset, hidden. With H' for the state before the step:
///
///     z = f(X Wz^T + H' Rz^T + Wbz + Rbz)                r likewise with its weights
///     h = g(X Wh^T + (r . H') Rh^T + Rbh + Wbh)          or g(X Wh^T + r . (H' Rh^T + Rbh) + Wbh)
///     H = (1 - z) . h + z . H'
public struct GRU: OperatorAttributes {
    public var recurrence: Recurrence
    /// Whether the reset gate acts on the product with Rh (`linear_before_reset`), not on the state that goes into it.
    public var resetsAfterProduct: Bool

    public init(_ recurrence: Recurrence, resetsAfterProduct: Bool = false) {
        self.recurrence = recurrence
        self.resetsAfterProduct = resetsAfterProduct
    }

    public static let gateCount = 3
    /// f and g.
    public static let functionCount = 2

    public var operatorName: String { "GRU" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let sizes = try recurrence.checkedExtents(operands, gates: GRU.gateCount, functions: GRU.functionCount)
        let (all, last) = try recurrence.resultTypes(sizes, try operands.type(0).dtype)
        return [all, last]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        recurrence.axes(of: operands, outputs: outputs)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        recurrence.cost(of: operands, outputs: outputs, gates: GRU.gateCount)
    }
}
