public import Tensors

/// Convolves each channel of a sequence with its own kernel, which sees the present and the past: x
/// [batch, channels, length], kernels [channels, 1, k], a bias (operand 2, [channels]), and the k - 1 positions before
/// x (operand 3, [batch, channels, k - 1]; zeros when left out). Outputs: a tensor like x, and the last k - 1 positions
/// of past and x together. Formula: the operator CausalConvWithState of ONNX opset 27.
public struct CausalConvolution: OperatorAttributes {
    /// Whether y * sigmoid(y) is applied to the results.
    public var appliesSilu: Bool

    public init(appliesSilu: Bool = false) { self.appliesSilu = appliesSilu }

    public var operatorName: String { "CausalConvWithState" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let (input, kernel) = (try operands.type(0), try operands.type(1))
        guard input.shape.rank == 3, input.dtype.isFloatingPoint, input.dtype != .float64 else {
            throw .mismatch("x must be [batch, channels, length] in at most 32 bits of floating point, not \(input)")
        }
        let (batch, channels) = (input.shape[0], input.shape[1])
        guard kernel.dtype == input.dtype, kernel.shape.rank == 3, kernel.shape[0] == channels, kernel.shape[1] == 1,
            kernel.shape[2] > 0
        else { throw .mismatch("kernels must be \(input.dtype) [\(channels), 1, k], not \(kernel)") }
        let past = TensorType(input.dtype, Shape([batch, channels, kernel.shape[2] - 1]))
        if operands.has(2) {
            let bias = try operands.type(2)
            guard bias == TensorType(input.dtype, Shape([channels])) else {
                throw .mismatch("the bias must be \(input.dtype) [\(channels)], not \(bias)")
            }
        }
        if operands.has(3) {
            let type = try operands.type(3)
            guard type == past else { throw .mismatch("the state must be \(past), not \(type)") }
        }
        return [input, past]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let length = outputs[0].shape[2]
        let past = outputs[1].shape[2]
        // Position t comes after `past` positions: in past and x together its window begins at index t.
        let window = { (first: Int, last: Int) in AxisRelation.window(of: 2, AxisWindow(first: first, last: last)) }
        return AxisRelations(
            operands,
            [
                [.pointwise(0), .pointwise(1), window(-past, 0)], [.pointwise(1), .stretched, .reduced],
                [.pointwise(1)],
                [.pointwise(0), .pointwise(1), window(0, past)],
            ],
            [
                [.pointwise(0), .pointwise(1), window(length - past, length - past)], nil, nil,
                [.pointwise(0), .pointwise(1), window(length, length)],
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let taps = operands.count > 1 ? operands[1]?.shape[2] ?? 1 : 1
        return Cost(
            flops: Double(outputs[0].shape.elementCount) * Double(2 * taps), bytes: Cost.traffic(operands, outputs))
    }
}
