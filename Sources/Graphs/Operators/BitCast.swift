public import Tensors

/// The same bits under another dtype of the same width.
public struct BitCast: OperatorAttributes {
    public var target: DType

    public init(to target: DType) { self.target = target }

    public var operatorName: String { "BitCast" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.dtype.byteCount == target.byteCount else {
            throw .mismatch("\(input.dtype) and \(target) are not equally wide")
        }
        return [TensorType(target, input.shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
