internal import Graphs
internal import Tensors

/// Running sums or products along the middle axis of [outer, extent, inner].
struct CumulationKernel<Element: NumericElement>: Kernel {
    let cumulation: Cumulation
    let outer: Int
    let extent: Int
    let inner: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)
        let result = operands.output(0, as: Element.self)
        let (extent, inner, cumulation) = (extent, inner, cumulation)
        context.parallelRanges(outer * inner, cost: extent * 2) { range in
            for line in range {
                let start = line / inner * extent * inner + line % inner
                var state: Element.Sum = cumulation.kind == .sum ? .zero : .one
                for step in 0..<extent {
                    let position = start + (cumulation.isReversed ? extent - 1 - step : step) * inner
                    let value = source[position].sum
                    let next: Element.Sum = cumulation.kind == .sum ? .plus(state, value) : .times(state, value)
                    result[position] = Element(sum: cumulation.isExclusive ? state : next)
                    state = next
                }
            }
        }
    }
}

extension Cumulation {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let cumulation: Cumulation
            let shape: Shape
            let axis: Int
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel.make(
                    CumulationKernel<Element>(
                        cumulation: cumulation, outer: shape.elementCount(over: 0..<axis), extent: shape[axis],
                        inner: shape.elementCount(over: (axis + 1)..<shape.rank)), for: Element.self)
            }
        }
        let input = request.inputTypes[0]!
        return try input.dtype.accept(
            Visitor(cumulation: self, shape: input.shape, axis: axis(of: request.operands())))
    }
}
