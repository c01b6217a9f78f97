public import Tensors

/// The largest (or smallest) elements along an axis, as many as operand 1 says, and their indices as int64. Of equal
/// elements the one with the lower index comes first.
public struct TopK: OperatorAttributes {
    public var axis: Int
    public var selectsLargest: Bool
    public var isSorted: Bool

    public init(axis: Int = -1, selectsLargest: Bool = true, isSorted: Bool = true) {
        self.axis = axis
        self.selectsLargest = selectsLargest
        self.isSorted = isSorted
    }

    public var operatorName: String { "TopK" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let axis = try normalizedAxis(axis, rank: input.shape.rank)
        let count = try operands.integers(1)
        guard count.count == 1, count[0] >= 0, count[0] <= input.shape[axis] else {
            throw .mismatch("k of \(count) for the \(input.shape[axis]) elements of axis \(axis)")
        }
        var dimensions = input.shape.dimensions
        dimensions[axis] = count[0]
        let shape = try checkedShape(dimensions)
        return [TensorType(input.dtype, shape), TensorType(.int64, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        var relations = [AxisRelation].pointwise(rank: rank)
        relations[try normalizedAxis(axis, rank: rank)] = .reduced
        return AxisRelations(operands, [relations], [relations])
    }
}
