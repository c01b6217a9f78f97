public import Tensors

/// Long short-term memory, gates in the order input, output, forget, cell. With primes for the step before:
///
///     i = f(X Wi^T + H' Ri^T + Pi . C' + Wbi + Rbi)      f likewise with its weights and Pf
///     c = g(X Wc^T + H' Rc^T + Wbc + Rbc)                C = f . C' + i . c
///     o = f(X Wo^T + H' Ro^T + Po . C + Wbo + Rbo)       H = o . h(C)
///
/// Operand 6 is the initial C, shaped like the initial H; operand 7 the peepholes P [directions, 3 * hidden] in the order
/// input, output, forget. The third result is the last C.
public struct LSTM: OperatorAttributes {
    public var recurrence: Recurrence
    /// Whether the forget gate is 1 minus the input gate.
    public var couplesInputAndForget: Bool
    /// Whether the state is rounded to 256 values before it is multiplied by R; the values are chosen again at each
    /// step as `DynamicQuantizeLinear` does. Only for float32.
    public var roundsState: Bool

    public init(_ recurrence: Recurrence, couplesInputAndForget: Bool = false, roundsState: Bool = false) {
        self.recurrence = recurrence
        self.couplesInputAndForget = couplesInputAndForget
        self.roundsState = roundsState
    }

    public static let gateCount = 4
    /// f, g and h.
    public static let functionCount = 3

    public var operatorName: String { "LSTM" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let sizes = try recurrence.checkedExtents(operands, gates: LSTM.gateCount, functions: LSTM.functionCount)
        try recurrence.expect(operands, 6, "the initial cell", recurrence.stateDimensions(sizes))
        try recurrence.expect(operands, 7, "P", [sizes.directions, try product(sizes.hidden, 3)])
        if roundsState {
            guard try operands.type(0).dtype == .float32, !operands.has(4) else {
                throw .mismatch("a state is rounded in float32 and without sequence lengths only")
            }
        }
        let (all, last) = try recurrence.resultTypes(sizes, try operands.type(0).dtype)
        return [all, last, last]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        recurrence.axes(of: operands, outputs: outputs)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        recurrence.cost(of: operands, outputs: outputs, gates: LSTM.gateCount)
    }
}
