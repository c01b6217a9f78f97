public import Tensors

/// x as uint8, with the scale and the zero point (outputs 1 and 2) for the smallest range that holds its elements and
/// zero.
public struct DynamicQuantizeLinear: OperatorAttributes {
    public init() {}

    public var operatorName: String { "DynamicQuantizeLinear" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.dtype == .float32 else { throw .mismatch("only float32 is quantised so, not \(input.dtype)") }
        return [TensorType(.uint8, input.shape), TensorType(.float32, []), TensorType(.uint8, [])]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        // The scale depends on the largest and the smallest number.
        let input = operands.relations(0, all: .reduced)
        return AxisRelations(operands, [input], [input], [input])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 6, bytes: Cost.traffic(operands, outputs))
    }
}
