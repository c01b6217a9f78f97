public import Tensors

/// Axes in another order: axis i of the result is axis `permutation[i]` of the operand; reversed when nil.
public struct Transpose: OperatorAttributes {
    public var permutation: [Int]?

    public init(permutation: [Int]? = nil) { self.permutation = permutation }

    public var operatorName: String { "Transpose" }

    /// The permutation for an operand of some rank.
    public func permutation(rank: Int) throws(InferenceError) -> [Int] {
        guard let permutation else { return (0..<rank).reversed() }
        guard permutation.sorted() == Array(0..<rank) else {
            throw .mismatch("\(permutation) is no permutation of \(rank) axes")
        }
        return permutation
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        return [TensorType(input.dtype, Shape(try permutation(rank: input.shape.rank).map { input.shape[$0] }))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let permutation = try permutation(rank: outputs[0].shape.rank)
        var relations = [AxisRelation].pointwise(rank: permutation.count)
        for (place, axis) in permutation.enumerated() { relations[axis] = .pointwise(place) }
        return AxisRelations(operands, [relations])
    }
}
