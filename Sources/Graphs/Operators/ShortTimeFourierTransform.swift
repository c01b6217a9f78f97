public import Tensors

/// The spectra [batch, frames, bins, 2] of frames of a signal [batch, length, 1 or 2]. Operands: signal, step between frames
/// (one integer), window that a frame is multiplied with (optional), length of a frame (optional, one integer).
public struct ShortTimeFourierTransform: OperatorAttributes {
    public var isOneSided: Bool

    public init(isOneSided: Bool = true) { self.isOneSided = isOneSided }

    public var operatorName: String { "STFT" }

    public func framing(
        of operands: Operands
    ) throws(InferenceError) -> (frames: Int, step: Int, points: Int) {
        let signal = try operands.shape(0)
        guard signal.rank == 3, signal[2] == 1 || signal[2] == 2 else {
            throw .mismatch("a signal is [batch, length, 1 or 2], not \(signal)")
        }
        guard let step = try operands.integers(1).first, step > 0 else { throw .mismatch("the step must be positive") }
        var points = signal[1]
        if operands.has(2) {
            let window = try operands.type(2)
            guard window.shape.rank == 1, window.dtype == (try operands.type(0).dtype) else {
                throw .mismatch("a window is a list of the signal's dtype, not \(window)")
            }
            points = window.shape[0]
        }
        if operands.has(3) {
            guard let given = try operands.integers(3).first, !operands.has(2) || given == points else {
                throw .mismatch("the length of a frame is not that of the window")
            }
            points = given
        }
        guard points >= 1, points <= min(signal[1], FourierTransform.pointLimit) else {
            throw .mismatch("frames of \(points) in a signal of \(signal[1])")
        }
        return (1 + (signal[1] - points) / step, step, points)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let signal = try operands.type(0)
        let (frames, _, points) = try framing(of: operands)
        let bins = isOneSided ? points / 2 + 1 : points
        return [TensorType(signal.dtype, try checkedShape([signal.shape[0], frames, bins, 2]))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (_, step, points) = try framing(of: operands)
        return AxisRelations(
            operands,
            [
                [.pointwise(0), .window(of: 1, AxisWindow(step: step, last: points - 1)), .reduced],
                operands.relations(1, all: .opaque), [.reduced],
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 40, bytes: Cost.traffic(operands, outputs))
    }
}
