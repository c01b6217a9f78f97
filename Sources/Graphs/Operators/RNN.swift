public import Tensors

/// The simple recurrent network: H = f(X W^T + H' R^T + Wb + Rb), where H' is the state before the step.
public struct RNN: OperatorAttributes {
    public var recurrence: Recurrence

    public init(_ recurrence: Recurrence) { self.recurrence = recurrence }

    public static let gateCount = 1
    /// f.
    public static let functionCount = 1

    public var operatorName: String { "RNN" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let sizes = try recurrence.checkedExtents(operands, gates: RNN.gateCount, functions: RNN.functionCount)
        let (all, last) = try recurrence.resultTypes(sizes, try operands.type(0).dtype)
        return [all, last]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        recurrence.axes(of: operands, outputs: outputs)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        recurrence.cost(of: operands, outputs: outputs, gates: RNN.gateCount)
    }
}
