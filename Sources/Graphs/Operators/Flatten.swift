public import Tensors

/// A matrix view: the axes before `axis` make the rows, the others the columns.
public struct Flatten: OperatorAttributes {
    public var axis: Int

    public init(axis: Int = 1) { self.axis = axis }

    public var operatorName: String { "Flatten" }
    public var isView: Bool { true }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let rank = input.shape.rank
        guard axis >= -rank, axis <= rank else { throw .mismatch("axis \(axis) is outside -\(rank)...\(rank)") }
        let cut = axis < 0 ? axis + rank : axis
        return [
            TensorType(
                input.dtype,
                try checkedShape([input.shape.elementCount(over: 0..<cut), input.shape.elementCount(over: cut..<rank)]))
        ]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [operands.relations(0) { .reshaped($0, to: outputs[0].shape) }])
    }
}
