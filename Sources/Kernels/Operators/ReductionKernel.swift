internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Folds some axes into one element each. Sums are kept in float64 and added in an order that only the shape decides.
struct ReductionKernel<Element: NumericElement>: Kernel {
    let kind: Reduction.Kind
    let plan: ReductionPlan

    private typealias Sum = Element.Sum

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)
        let result = operands.output(0, as: Element.self)
        let count = Sum(converting: Double(plan.foldCount))
        switch kind {
        case .sum: sum(source, result, context, { $0.sum }, { $0 })
        case .mean: sum(source, result, context, { $0.sum }, { .quotient($0, count) })
        case .l1: sum(source, result, context, { .magnitude($0.sum) }, { $0 })
        case .l2:
            sum(source, result, context, { .times($0.sum, $0.sum) }, { Sum(converting: $0.double.squareRoot()) })
        case .sumOfSquares: sum(source, result, context, { .times($0.sum, $0.sum) }, { $0 })
        case .logOfSum: sum(source, result, context, { $0.sum }, { Sum(converting: log($0.double)) })
        case .product:
            fold(source, result, context, start: Sum.one, { .times($0, $1.sum) }, { Element(sum: $0) })
        case .maximum: fold(source, result, context, start: Element.lowest, { .larger($0, $1) }, { $0 })
        case .minimum: fold(source, result, context, start: Element.highest, { .smaller($0, $1) }, { $0 })
        case .logOfSumOfExponentials: logOfSumOfExponentials(source, result, context)
        case .indexOfMaximum, .indexOfMinimum: preconditionFailure("ArgMax and ArgMin have a kernel of their own")
        }
    }

    @inline(__always)
    private func sum(
        _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>, _ context: borrowing KernelContext,
        _ term: (Element) -> Sum, _ finish: (Sum) -> Sum
    ) {
        fold(
            source, result, context, start: Sum.zero, { .plus($0, term($1)) }, { Element(sum: finish($0)) },
            join: { .plus($0, $1) })
    }

    private func logOfSumOfExponentials(
        _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>, _ context: borrowing KernelContext
    ) {
        fold(source, result, context, start: Element.lowest, { .larger($0, $1) }, { $0 })
        let plan = plan
        context.parallelRanges(plan.kept.count, cost: plan.foldCount * 20) { range in
            plan.kept.forEach(in: range) { index, base in
                // The maximum taken out, no exponential overflows. An infinite one is the result.
                let largest = result[index].double
                guard largest.isFinite else { return }
                var total = 0.0
                plan.foldedOuter.forEach(in: 0..<plan.foldedOuter.count) { _, offset in
                    let from = source + base + offset
                    for step in 0..<plan.foldedCount { total += exp(from[step * plan.foldedStride].double - largest) }
                }
                result[index] = Element(converting: largest + log(total))
            }
        }
    }

    /// - Parameter join: how two partial results become one, for folds that may be cut into lanes.
    @inline(__always)
    private func fold<State: BitwiseCopyable>(
        _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>, _ context: borrowing KernelContext,
        start: State, _ step: (State, Element) -> State, _ finish: (State) -> Element,
        join: ((State, State) -> State)? = nil
    ) {
        let plan = plan
        if plan.keptRun > 1 {
            foldSideBySide(source, result, context, start: start, step, finish)
            return
        }
        context.parallelRanges(plan.kept.count, cost: plan.foldCount) { range in
            plan.kept.forEach(in: range) { index, base in
                // Four chains hide the latency of the additions; their number and order are fixed.
                var (first, second, third, fourth) = (start, start, start, start)
                let count = plan.foldedCount
                let stride = plan.foldedStride
                plan.foldedOuter.forEach(in: 0..<plan.foldedOuter.count) { _, offset in
                    let from = source + base + offset
                    var position = 0
                    if join != nil {
                        while position + 4 <= count {
                            first = step(first, from[position &* stride])
                            second = step(second, from[(position &+ 1) &* stride])
                            third = step(third, from[(position &+ 2) &* stride])
                            fourth = step(fourth, from[(position &+ 3) &* stride])
                            position += 4
                        }
                    }
                    while position < count {
                        first = step(first, from[position &* stride])
                        position += 1
                    }
                }
                if let join { first = join(join(first, second), join(third, fourth)) }
                result[index] = finish(first)
            }
        }
    }

    /// Folds up to 64 neighbouring output elements at once, so that the input is read along its rows.
    @inline(__always)
    private func foldSideBySide<State: BitwiseCopyable>(
        _ source: UnsafePointer<Element>, _ result: UnsafeMutablePointer<Element>, _ context: borrowing KernelContext,
        start: State, _ step: (State, Element) -> State, _ finish: (State) -> Element
    ) {
        let plan = plan
        let width = 64
        let pieces = (plan.keptRun + width - 1) / width
        let runs = plan.kept.count / plan.keptRun
        context.parallelRanges(runs * pieces, cost: plan.foldCount * min(width, plan.keptRun)) { range in
            withUnsafeTemporaryAllocation(of: State.self, capacity: width) { states in
                let states = states.baseAddress!
                for piece in range {
                    let column = piece % pieces * width
                    let count = min(width, plan.keptRun - column)
                    let index = piece / pieces * plan.keptRun + column
                    let base = plan.kept.offset(of: index)
                    for lane in 0..<count { states[lane] = start }
                    plan.foldedOuter.forEach(in: 0..<plan.foldedOuter.count) { _, offset in
                        var from = source + base + offset
                        for _ in 0..<plan.foldedCount {
                            for lane in 0..<count { states[lane] = step(states[lane], from[lane]) }
                            from += plan.foldedStride
                        }
                    }
                    for lane in 0..<count { result[index + lane] = finish(states[lane]) }
                }
            }
        }
    }
}

extension Reduction {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let axes = try foldedAxes(of: request.operands())
        if kind == .indexOfMaximum || kind == .indexOfMinimum {
            return try extremeIndexKernel(input, axes: axes)
        }
        // Nothing to fold: most kinds are then the identity, the others still apply their function.
        struct Visitor: ElementVisitor {
            let kind: Kind
            let plan: ReductionPlan
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel.make(ReductionKernel<Element>(kind: kind, plan: plan), for: Element.self)
            }
        }
        return try input.dtype.accept(Visitor(kind: kind, plan: ReductionPlan(input: input.shape, axes: axes)))
    }
}
