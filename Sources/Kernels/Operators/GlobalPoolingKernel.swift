internal import CKernels
internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension GlobalPooling {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let kind: Kind
            let shape: Shape
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                let axes = Array(2..<shape.rank)
                let plan = ReductionPlan(input: shape, axes: axes)
                switch kind {
                case .maximum: return SpecializedKernel(ReductionKernel<Element>(kind: .maximum, plan: plan))
                case .average: return SpecializedKernel(ReductionKernel<Element>(kind: .mean, plan: plan))
                case .norm(1): return SpecializedKernel(ReductionKernel<Element>(kind: .l1, plan: plan))
                case .norm(2): return SpecializedKernel(ReductionKernel<Element>(kind: .l2, plan: plan))
                case .norm(let p):
                    return SpecializedKernel(
                        GlobalNormKernel<Element>(
                            p: Double(p), count: shape[0] * shape[1],
                            plane: shape.elementCount(over: 2..<shape.rank)))
                }
            }
        }
        let input = request.inputTypes[0]!
        let pixels = input.shape.elementCount(over: 2..<input.shape.rank)
        if input.dtype == .float32, pixels > 0, kind == .average || kind == .maximum {
            return VectorisedGlobalPoolingKernel(
                isMaximum: kind == .maximum, planes: input.shape[0] * input.shape[1], pixels: pixels)
        }
        return try input.dtype.acceptFloatingPoint(Visitor(kind: kind, shape: input.shape), for: operatorName)
    }
}

/// (sum of |x|^p)^(1/p) over each channel.
struct GlobalNormKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let p: Double
    /// Channels of all images.
    let count: Int
    let plane: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [count, plane]
        let result = operands.output(0, as: Element.self)  // [count]
        context.parallelRanges(count, cost: plane * 20) { range in
            for index in range {
                var sum = 0.0
                for position in 0..<plane { sum += pow(abs(Double(source[index * plane + position])), p) }
                result[index] = Element(pow(sum, 1 / p))
            }
        }
    }
}

/// The mean or maximum of each float32 channel, by CKernels.
struct VectorisedGlobalPoolingKernel: Kernel {
    let isMaximum: Bool
    let planes: Int
    let pixels: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)  // [planes, pixels]
        let result = operands.output(0, as: Float.self)  // [planes]
        context.parallelRanges(planes, cost: pixels) { range in
            let (first, count) = (Int64(range.lowerBound), Int64(range.count))
            if isMaximum {
                mpk_global_max_pool(source, result, Int64(pixels), first, count)
            } else {
                mpk_global_average_pool(source, result, Int64(pixels), first, count)
            }
        }
    }
}
