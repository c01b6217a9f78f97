public import Tensors

/// All operands one after another along an axis.
public struct Concatenation: OperatorAttributes {
    public var axis: Int

    public init(axis: Int) { self.axis = axis }

    public var operatorName: String { "Concat" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let first = try operands.type(0)
        let axis = try normalizedAxis(axis, rank: first.shape.rank)
        var dimensions = first.shape.dimensions
        for index in 1..<max(operands.count, 1) {
            let next = try operands.type(index)
            guard next.dtype == first.dtype, next.shape.rank == first.shape.rank,
                (0..<first.shape.rank).allSatisfy({ $0 == axis || next.shape[$0] == first.shape[$0] })
            else { throw .mismatch("\(next) does not join \(first) along axis \(axis)") }
            dimensions[axis] += next.shape[axis]
        }
        return [TensorType(first.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = outputs[0].shape.rank
        let axis = try normalizedAxis(axis, rank: rank)
        var start = 0
        var relations: [[AxisRelation]?] = []
        for index in 0..<operands.count {
            var operand = [AxisRelation].pointwise(rank: rank)
            operand[axis] = .window(of: axis, .shifted(by: -start))
            relations.append(operand)
            start += try operands.shape(index)[axis]
        }
        return AxisRelations(operands, relations)
    }
}
