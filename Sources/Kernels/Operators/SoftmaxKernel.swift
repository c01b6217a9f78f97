internal import CKernels
internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Softmax, its logarithm, or a one at the first maximum, along one axis of [outer, extent, inner].
struct SoftmaxKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let kind: Softmax.Kind
    let outer: Int
    let extent: Int
    let inner: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        guard extent > 0, inner > 0 else { return }
        let source = operands.input(0, as: Element.self)
        let result = operands.output(0, as: Element.self)
        let width = min(inner, 32)
        let pieces = (inner + width - 1) / width
        context.parallelRanges(outer * pieces, cost: extent * width * 10) { range in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * width) { memory in
                let largest = memory.baseAddress!  // [width]
                let sums = largest + width  // [width]
                for piece in range {
                    let column = piece % pieces * width
                    let start = piece / pieces * extent * inner + column
                    normalize(source + start, result + start, min(width, inner - column), largest, sums)
                }
            }
        }
    }

    /// - Parameters: source and result point at [extent] rows of `count` columns, `inner` elements apart
    private func normalize(
        _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>, _ count: Int,
        _ largest: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>
    ) {
        for lane in 0..<count { largest[lane] = Double(source[lane]) }
        for row in 1..<max(extent, 1) {
            let from = source + row * inner
            for lane in 0..<count { largest[lane] = .larger(largest[lane], Double(from[lane])) }
        }
        for lane in 0..<count { sums[lane] = 0 }
        if kind == .hardmax {
            for row in 0..<extent {
                for lane in 0..<count {
                    let isFirst = sums[lane] == 0 && Double(source[row * inner + lane]) == largest[lane]
                    if isFirst { sums[lane] = 1 }
                    result[row * inner + lane] = isFirst ? 1 : 0
                }
            }
            return
        }
        for row in 0..<extent {
            let from = source + row * inner
            let to = result + row * inner
            for lane in 0..<count { to[lane] = Element(Double(from[lane]) - largest[lane]) }
            if kind == .softmax { exponentiate(to, count) }
            for lane in 0..<count { sums[lane] += kind == .softmax ? Double(to[lane]) : exp(Double(to[lane])) }
        }
        for lane in 0..<count { sums[lane] = kind == .softmax ? 1 / sums[lane] : log(sums[lane]) }
        for row in 0..<extent {
            let to = result + row * inner
            if kind == .softmax {
                for lane in 0..<count { to[lane] = Element(Double(to[lane]) * sums[lane]) }
            } else {
                for lane in 0..<count { to[lane] = Element(Double(to[lane]) - sums[lane]) }
            }
        }
    }

    @inline(__always)
    private func exponentiate(_ values: UnsafeMutablePointer<Element>, _ count: Int) {
        if Element.self == Float.self {
            let values = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Float.self)
            mpk_unary(Int32(MPK_EXP), 0, 0, values, values, Int64(count))
        } else {
            for lane in 0..<count { values[lane] = Element(exp(Double(values[lane]))) }
        }
    }
}

extension Softmax {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let kind: Kind
            let shape: Shape
            let axis: Int
            let flattens: Bool
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                let end = flattens ? shape.rank : min(axis + 1, shape.rank)
                return SpecializedKernel(
                    SoftmaxKernel<Element>(
                        kind: kind, outer: shape.elementCount(over: 0..<axis),
                        extent: shape.elementCount(over: axis..<end),
                        inner: shape.elementCount(over: end..<shape.rank)))
            }
        }
        let input = request.inputTypes[0]!
        let axis = input.shape.rank == 0 ? 0 : try normalizedAxis(axis, rank: input.shape.rank)
        let end = flattensFromAxis ? input.shape.rank : min(axis + 1, input.shape.rank)
        let columns = input.shape.elementCount(over: axis..<end)
        let isLastAxis = input.shape.elementCount(over: end..<input.shape.rank) == 1
        if input.dtype == .float32, kind != .hardmax, isLastAxis, columns > 0 {
            return RowNormalizationKernel(
                function: kind == .softmax ? .softmax : .logSoftmax,
                rows: input.shape.elementCount(over: 0..<axis), columns: columns)
        }
        return try input.dtype.acceptFloatingPoint(
            Visitor(kind: kind, shape: input.shape, axis: axis, flattens: flattensFromAxis), for: operatorName)
    }
}
