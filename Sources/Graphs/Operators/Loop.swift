public import Tensors

/// Runs a body repeatedly: at most as often as operand 0 (one int64, may be left out) says, and while the condition
/// (operand 1, one bool, may be left out) is true; each iteration of the body computes the next condition.
///
/// Operands after these: the first values of `stateCount` states, then the other values that the body takes. The body's
/// parameters: the number of the iteration, the condition, the states, the rest; its outputs: the condition, the
/// states, and what is stacked along a new first axis. The loop's outputs: the last states, then the stacks.
public struct Loop: OperatorAttributes {
    public var body: Graph
    public var stateCount: Int
    /// Whether the body takes the number of the iteration, and the condition, as vectors of one element and not as
    /// scalars.
    public var iterationIsVector: Bool
    public var conditionIsVector: Bool

    public init(body: Graph, stateCount: Int, iterationIsVector: Bool = false, conditionIsVector: Bool = false) {
        self.body = body
        self.stateCount = stateCount
        self.iterationIsVector = iterationIsVector
        self.conditionIsVector = conditionIsVector
    }

    public var operatorName: String { "Loop" }

    public var iterationType: TensorType { TensorType(.int64, iterationIsVector ? [1] : []) }
    public var conditionType: TensorType { TensorType(.bool, conditionIsVector ? [1] : []) }

    /// Outputs of the body that are stacked.
    public var stackCount: Int { body.outputs.count - 1 - stateCount }

    /// `BoundGraph` looks into the body itself.
    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] { throw .dataDependent }
}
