public import Tensors

/// Reverses the beginning of each sequence, as many steps as operand 1 says (int64, one number for each sequence).
public struct ReverseSequence: OperatorAttributes {
    public var batchAxis: Int
    public var timeAxis: Int

    public init(batchAxis: Int = 1, timeAxis: Int = 0) {
        self.batchAxis = batchAxis
        self.timeAxis = timeAxis
    }

    public var operatorName: String { "ReverseSequence" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let lengths = try operands.type(1)
        guard input.shape.rank >= 2, (batchAxis, timeAxis) == (0, 1) || (batchAxis, timeAxis) == (1, 0) else {
            throw .mismatch(
                "batch and time must be the axes 0 and 1, not \(batchAxis) and \(timeAxis), of \(input.shape)")
        }
        guard lengths == TensorType(.int64, [input.shape[batchAxis]]) else {
            throw .mismatch("lengths must be int64 \(input.shape[batchAxis]), not \(lengths)")
        }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        var relations = [AxisRelation].pointwise(rank: outputs[0].shape.rank)
        relations[timeAxis] = .gathered
        return AxisRelations(operands, [relations, [.pointwise(batchAxis)]])
    }
}
