public import Tensors

/// The upper or lower triangle of the last two axes, zeros elsewhere. Operand 1, where present, says by how much the
/// diagonal is moved up (int64).
public struct Trilu: OperatorAttributes {
    public var keepsUpper: Bool

    public init(keepsUpper: Bool = true) { self.keepsUpper = keepsUpper }

    public var operatorName: String { "Trilu" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank >= 2 else { throw .mismatch("a matrix is needed, not \(input.shape)") }
        if operands.has(1) {
            let offset = try operands.type(1)
            guard offset.dtype == .int64, offset.shape.elementCount == 1 else {
                throw .mismatch("the diagonal's offset must be one int64, not \(offset)")
            }
        }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }
}
