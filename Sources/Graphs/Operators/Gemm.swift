public import Tensors

/// alpha * A * B + beta * C for matrices, each of A and B transposed or not; C (operand 2) broadcasts to the result.
public struct Gemm: OperatorAttributes {
    public var alpha: Float
    public var beta: Float
    public var transposeA: Bool
    public var transposeB: Bool
    public var activation: Unary?

    public init(
        alpha: Float = 1, beta: Float = 1, transposeA: Bool = false, transposeB: Bool = false, activation: Unary? = nil
    ) {
        self.alpha = alpha
        self.beta = beta
        self.transposeA = transposeA
        self.transposeB = transposeB
        self.activation = activation
    }

    public var operatorName: String { "Gemm" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let a = try operands.type(0)
        let b = try operands.type(1)
        guard a.dtype == b.dtype else { throw .mismatch("both matrices must have one dtype") }
        guard a.shape.rank == 2, b.shape.rank == 2 else { throw .mismatch("both operands must be matrices") }
        let (rows, inner) = transposeA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        let (innerB, columns) = transposeB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
        guard inner == innerB else { throw .mismatch("the inner extents \(inner) and \(innerB) differ") }
        let result = try checkedShape([rows, columns])
        if operands.has(2) {
            let c = try operands.shape(2)
            guard try broadcastShape(result, c) == result else {
                throw .mismatch("C \(c) does not broadcast to \(result)")
            }
        }
        return [TensorType(a.dtype, result)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(
            operands,
            [
                transposeA ? [.reduced, .pointwise(0)] : [.pointwise(0), .reduced],
                transposeB ? [.pointwise(1), .reduced] : [.reduced, .pointwise(1)],
                operands.relations(2) { .broadcast($0, to: outputs[0].shape) },
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let inner = operands[0]!.shape[transposeA ? 0 : 1]
        return Cost(
            flops: Double(outputs[0].shape.elementCount) * Double(inner) * 2, bytes: Cost.traffic(operands, outputs))
    }
}
