internal import Graphs
internal import Tensors

/// Transforms overlapping frames of signals.
struct ShortTimeFourierTransformKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let plan: FourierPlan
    let batch: Int
    let length: Int
    /// Numbers of a sample: 1 where it is real.
    let parts: Int
    let frames: Int
    let step: Int
    let bins: Int

    var scratchByteCount: Int { plan.scratchByteCount }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [batch, length, parts]
        let window = operands.optionalInput(2, as: Element.self)  // [points]
        let target = operands.output(0, as: Element.self)  // [batch, frames, bins, 2]
        let points = plan.points
        context.parallel(batch * frames) { task, scratch in
            let signal = scratch.assumingMemoryBound(to: Double.self)  // [points, 2]
            let spectrum = signal + 2 * points  // the same
            let from = source + (task / frames * length + task % frames * step) * parts
            for point in 0..<points {
                let weight = window.map { Double($0[point]) } ?? 1
                signal[2 * point] = Double(from[point * parts]) * weight
                signal[2 * point + 1] = parts == 2 ? Double(from[point * parts + 1]) * weight : 0
            }
            plan.transform(signal, spectrum, isInverse: false)
            let to = target + task * bins * 2
            for index in 0..<(2 * bins) { to[index] = Element(spectrum[index]) }
        }
    }
}

extension ShortTimeFourierTransform {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let framing: (frames: Int, step: Int, points: Int)
            let signal: Shape
            let bins: Int
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    ShortTimeFourierTransformKernel<Element>(
                        plan: FourierPlan(points: framing.points), batch: signal[0], length: signal[1],
                        parts: signal[2],
                        frames: framing.frames, step: framing.step, bins: bins))
            }
        }
        let signal = request.inputTypes[0]!
        return try signal.dtype.acceptFloatingPoint(
            Visitor(
                framing: framing(of: request.operands()), signal: signal.shape, bins: request.outputTypes[0].shape[2]),
            for: operatorName)
    }
}
