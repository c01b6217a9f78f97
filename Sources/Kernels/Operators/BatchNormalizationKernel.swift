internal import CKernels
internal import Graphs
internal import Tensors

/// (x - mean) / sqrt(variance + epsilon) * scale + bias per channel.
struct BatchNormalizationKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let epsilon: Double
    let batch: Int
    let channels: Int
    /// Elements of a channel.
    let plane: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [batch, channels, plane]
        let scale = operands.input(1, as: Element.self)  // [channels]
        let bias = operands.input(2, as: Element.self)  // [channels]
        let mean = operands.input(3, as: Element.self)  // [channels]
        let variance = operands.input(4, as: Element.self)  // [channels]
        let result = operands.output(0, as: Element.self)  // [batch, channels, plane]
        context.parallelRanges(batch * channels, cost: plane + 40) { range in
            for index in range {
                let channel = index % channels
                let factor = Double(scale[channel]) / (Double(variance[channel]) + epsilon).squareRoot()
                let offset = Double(bias[channel]) - Double(mean[channel]) * factor
                ScaleAndShift.apply(
                    source + index * plane, result + index * plane, count: plane, factor: factor, offset: offset)
            }
        }
    }
}

/// y = factor * x + offset.
enum ScaleAndShift {
    /// - Parameters: source and result [count], which may be the same
    @inline(__always)
    static func apply<Element: BinaryFloatingPoint>(
        _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>, count: Int, factor: Double,
        offset: Double
    ) {
        if Element.self == Float.self {
            mpk_unary(
                Int32(MPK_SCALE_SHIFT), Float(factor), Float(offset),
                UnsafeRawPointer(source).assumingMemoryBound(to: Float.self),
                UnsafeMutableRawPointer(result).assumingMemoryBound(to: Float.self), Int64(count))
        } else {
            for index in 0..<count { result[index] = Element(Double(source[index]) * factor + offset) }
        }
    }
}

extension BatchNormalization {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let epsilon: Float
            let shape: Shape
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                // A batch without a channel axis has one channel.
                SpecializedKernel(
                    BatchNormalizationKernel<Element>(
                        epsilon: Double(epsilon), batch: shape.rank > 0 ? shape[0] : 1,
                        channels: shape.rank > 1 ? shape[1] : 1,
                        plane: shape.elementCount(over: min(2, shape.rank)..<shape.rank)))
            }
        }
        let input = request.inputTypes[0]!
        return try input.dtype.acceptFloatingPoint(
            Visitor(epsilon: epsilon, shape: input.shape), for: operatorName)
    }
}
