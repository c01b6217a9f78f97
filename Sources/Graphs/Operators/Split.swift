public import Tensors

/// Cuts an axis into parts: as long as operand 1 says, or else into `parts` of equal length of which the last may be
/// shorter.
public struct Split: OperatorAttributes {
    public var axis: Int
    public var parts: Int

    public init(axis: Int, parts: Int) {
        self.axis = axis
        self.parts = parts
    }

    public var operatorName: String { "Split" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let axis = try normalizedAxis(axis, rank: input.shape.rank)
        let extent = input.shape[axis]
        var lengths: [Int]
        if operands.has(1) {
            lengths = try operands.integers(1)
        } else {
            guard parts > 0 else { throw .mismatch("a split into \(parts) parts") }
            let chunk = (extent + parts - 1) / parts
            lengths = (0..<parts).map { min(chunk, max(0, extent - $0 * chunk)) }
        }
        guard lengths.allSatisfy({ $0 >= 0 && $0 <= extent }), lengths.reduce(0, +) == extent else {
            throw .mismatch("parts of \(lengths) do not add up to the \(extent) of axis \(axis)")
        }
        return lengths.map { length in
            var dimensions = input.shape.dimensions
            dimensions[axis] = length
            return TensorType(input.dtype, Shape(dimensions))
        }
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let axis = try normalizedAxis(axis, rank: try operands.shape(0).rank)
        var start = 0
        var relations: [[[AxisRelation]?]] = []
        for output in outputs {
            var operand = [AxisRelation].pointwise(rank: output.shape.rank)
            operand[axis] = .window(of: axis, .shifted(by: start))
            relations.append([operand])
            start += output.shape[axis]
        }
        return AxisRelations(operands, outputs: relations)
    }
}
