internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// x / (bias + alpha / size * sum of x^2 over neighbouring channels)^beta.
struct LocalResponseNormalizationKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let attributes: LocalResponseNormalization
    let batch: Int
    let channels: Int
    /// Elements of a channel.
    let plane: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [batch, channels, plane]
        let result = operands.output(0, as: Element.self)  // the same
        let scale = Double(attributes.alpha) / Double(attributes.size)
        let bias = Double(attributes.bias)
        let exponent = -Double(attributes.beta)
        let before = (attributes.size - 1) / 2
        let after = attributes.size - 1 - before
        let isThreeQuarters = attributes.beta == 0.75
        let width = 64
        let pieces = (plane + width - 1) / width
        context.parallelRanges(batch * channels * pieces, cost: width * (attributes.size + 20)) { range in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { sums in
                let sums = sums.baseAddress!  // [width]
                for piece in range {
                    let column = piece % pieces * width
                    let count = min(width, plane - column)
                    let channel = piece / pieces % channels
                    let image = source + piece / pieces / channels * channels * plane + column
                    for lane in 0..<count { sums[lane] = 0 }
                    // `size` may be any number; only channels that exist are walked.
                    for neighbour in max(0, channel - before)...min(channels - 1, channel + after) {
                        let from = image + neighbour * plane
                        for lane in 0..<count { sums[lane] += Double(from[lane]) * Double(from[lane]) }
                    }
                    let from = image + channel * plane
                    let to = result + (from - source)
                    for lane in 0..<count {
                        let sum = bias + scale * sums[lane]
                        // The usual exponent in two square roots instead of a logarithm and an exponential.
                        let root = sum.squareRoot()
                        let factor = isThreeQuarters ? 1 / (root * root.squareRoot()) : pow(sum, exponent)
                        to[lane] = Element(Double(from[lane]) * factor)
                    }
                }
            }
        }
    }
}

extension LocalResponseNormalization {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let attributes: LocalResponseNormalization
            let shape: Shape
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    LocalResponseNormalizationKernel<Element>(
                        attributes: attributes, batch: shape[0], channels: shape[1],
                        plane: shape.elementCount(over: 2..<shape.rank)))
            }
        }
        let input = request.inputTypes[0]!
        let pixels = input.shape.elementCount(over: 2..<input.shape.rank)
        if input.dtype == .float32, pixels > 0 {
            return VectorisedResponseKernel(
                attributes: self, planes: input.shape[0] * input.shape[1], channels: input.shape[1], pixels: pixels)
        }
        return try input.dtype.acceptFloatingPoint(
            Visitor(attributes: self, shape: input.shape), for: operatorName)
    }
}
