internal import Graphs
internal import Tensors

/// Transforms lines along an axis.
struct FourierTransformKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let plan: FourierPlan
    let isInverse: Bool
    let isOneSided: Bool
    let outer: Int
    let inner: Int
    /// Extents of the axis, and numbers of a point: 1 where it is real.
    let input: (extent: Int, parts: Int)
    let output: (extent: Int, parts: Int)

    var scratchByteCount: Int { plan.scratchByteCount }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [outer, input.extent, inner, input.parts]
        let target = operands.output(0, as: Element.self)  // [outer, output.extent, inner, output.parts]
        let points = plan.points
        context.parallel(outer * inner) { line, scratch in
            let signal = scratch.assumingMemoryBound(to: Double.self)  // [points, 2]
            let spectrum = signal + 2 * points  // the same
            let (block, place) = (line / inner, line % inner)
            let known = min(input.extent, isInverse && isOneSided ? points / 2 + 1 : points)
            for point in 0..<points {
                var (real, imaginary) = (0.0, 0.0)
                // The other half of a real signal's spectrum is its mirror image.
                let isMirrored = isInverse && isOneSided && point > points / 2
                let index = isMirrored ? points - point : point
                if index < known {
                    let from = source + ((block * input.extent + index) * inner + place) * input.parts
                    real = Double(from[0])
                    if input.parts == 2 { imaginary = isMirrored ? -Double(from[1]) : Double(from[1]) }
                }
                (signal[2 * point], signal[2 * point + 1]) = (real, imaginary)
            }
            if isInverse && isOneSided {
                // These two are their own mirror images, so that they can only be real.
                signal[1] = 0
                if points % 2 == 0 { signal[points + 1] = 0 }
            }
            plan.transform(signal, spectrum, isInverse: isInverse)
            let scale = isInverse ? 1 / Double(points) : 1
            for point in 0..<output.extent {
                let to = target + ((block * output.extent + point) * inner + place) * output.parts
                to[0] = Element(spectrum[2 * point] * scale)
                if output.parts == 2 { to[1] = Element(spectrum[2 * point + 1] * scale) }
            }
        }
    }
}

extension FourierTransform {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let attributes: FourierTransform
            let axis: Int
            let points: Int
            let input: Shape
            let output: Shape
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    FourierTransformKernel<Element>(
                        plan: FourierPlan(points: points), isInverse: attributes.isInverse,
                        isOneSided: attributes.isOneSided, outer: input.elementCount(over: 0..<axis),
                        inner: input.elementCount(over: (axis + 1)..<(input.rank - 1)),
                        input: (input[axis], input[input.rank - 1]), output: (output[axis], output[output.rank - 1])))
            }
        }
        let (axis, points) = try extent(of: request.operands())
        let input = request.inputTypes[0]!
        return try input.dtype.acceptFloatingPoint(
            Visitor(
                attributes: self, axis: axis, points: points, input: input.shape, output: request.outputTypes[0].shape),
            for: operatorName)
    }
}
