public import Tensors

/// A body again and again: at most as often as operand 0 (one int64, may be left out) says, and as long as the condition
/// (operand 1, one bool, may be left out) holds, which the body makes anew.
///
/// Operands behind these: the first values of `stateCount` states, then what the body takes besides. The body's
/// parameters: the number of the iteration, the condition, the states, the rest; its outputs: the condition, the states,
/// and what is stacked along a new first axis. The loop's outputs: the last states, then the stacks.
public struct Loop: OperatorAttributes {
    public var body: Graph
    public var stateCount: Int
    /// Whether the body wants the number of the iteration, and the condition, as vectors of one and not as scalars.
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
