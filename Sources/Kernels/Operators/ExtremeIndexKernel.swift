internal import Graphs
internal import Tensors

/// The index of the first or last extreme along one axis; a NaN counts as the extreme, as in NumPy.
struct ExtremeIndexKernel<Element: NumericElement>: Kernel {
    let findsMaximum: Bool
    let selectsLast: Bool
    let outer: Int
    let extent: Int
    let inner: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [outer, extent, inner]
        let result = operands.output(0, as: Int64.self)  // [outer, inner]
        context.parallelRanges(outer * inner, cost: extent * 2) { range in
            for index in range {
                let from = source + index / inner * extent * inner + index % inner
                var best = from[0]
                var position = 0
                for candidate in 1..<max(extent, 1) {
                    let value = from[candidate * inner]
                    if isBetter(value, than: best) {
                        best = value
                        position = candidate
                    }
                }
                result[index] = Int64(position)
            }
        }
    }

    @inline(__always)
    private func isBetter(_ value: Element, than best: Element) -> Bool {
        if best != best { return selectsLast && value != value }
        if value != value { return true }
        let isBeyond = findsMaximum ? value > best : value < best
        return isBeyond || (selectsLast && value == best)
    }
}

extension Reduction {
    func extremeIndexKernel(_ input: TensorType, axes: [Int]) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let reduction: Reduction
            let shape: Shape
            let axis: Int?
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel.make(
                    ExtremeIndexKernel<Element>(
                        findsMaximum: reduction.kind == .indexOfMaximum, selectsLast: reduction.selectsLast,
                        outer: axis.map { shape.elementCount(over: 0..<$0) } ?? 1,
                        extent: axis.map { shape[$0] } ?? shape.elementCount,
                        inner: axis.map { shape.elementCount(over: ($0 + 1)..<shape.rank) } ?? 1), for: Element.self)
            }
        }
        guard axes.count == 1 || axes.count == input.shape.rank else {
            throw KernelError("\(operatorName) works along one axis, not along \(axes)")
        }
        let visitor = Visitor(reduction: self, shape: input.shape, axis: axes.count == 1 ? axes[0] : nil)
        guard axes.isEmpty || input.shape.elementCount > 0 || axes.contains(where: { input.shape[$0] > 0 }) else {
            throw KernelError("\(operatorName) of no elements")
        }
        return try input.dtype.accept(visitor)
    }
}
