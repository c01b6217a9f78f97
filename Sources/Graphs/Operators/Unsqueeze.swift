public import Tensors

/// Inserts axes of extent 1 where operand 1 says, counted in the result.
public struct Unsqueeze: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Unsqueeze" }
    public var isView: Bool { true }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let listed = try operands.integers(1)
        let rank = input.shape.rank + listed.count
        var inserted: Set<Int> = []
        for axis in listed { inserted.insert(try normalizedAxis(axis, rank: rank)) }
        guard inserted.count == listed.count else { throw .mismatch("axes \(listed) repeat") }
        var rest = input.shape.dimensions[...]
        let dimensions = (0..<rank).map { inserted.contains($0) ? 1 : rest.removeFirst() }
        return [TensorType(input.dtype, Shape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [operands.relations(0) { .reshaped($0, to: outputs[0].shape) }])
    }
}
