internal import Graphs
internal import Tensors

/// A recurrent operator by its definition, one item and direction at a time: for float64.
struct DirectRecurrentKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let cell: RecurrentCell

    private var sizes: Recurrence.Extents { cell.sizes }

    /// Of one item: sums of all gates, the hidden gate's product with the state, state, cell, masked state.
    var scratchByteCount: Int { (cell.gateCount + 4) * sizes.hidden * MemoryLayout<Element>.stride }

    private struct Operands {
        let input: UnsafePointer<Element>
        let weights: UnsafePointer<Element>  // W [directions, gates * hidden, input]
        let recurrent: UnsafePointer<Element>  // R [directions, gates * hidden, hidden]
        let biases: UnsafePointer<Element>?  // B [directions, 2, gates * hidden]
        let peepholes: UnsafePointer<Element>?  // P [directions, 3, hidden]
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let (lengths, _) = try cell.lengths(operands)
        let sources = Operands(
            input: operands.input(0), weights: operands.input(1), recurrent: operands.input(2),
            biases: operands.optionalInput(3), peepholes: operands.optionalInput(RecurrentCell.peepholeOperand))
        let hidden = sizes.hidden
        let gates = cell.gateCount
        context.parallel(sizes.directions * sizes.batch) { task, scratch in
            let (direction, item) = (task / sizes.batch, task % sizes.batch)
            let functions = cell.functions(direction: direction).map { $0.evaluation() }
            let sums = scratch.assumingMemoryBound(to: Element.self)
            let inner = sums + gates * hidden
            let state = inner + hidden
            let memory = state + hidden
            let start = cell.stateOffset(direction: direction, item: item)
            for (operand, to) in [(5, state), (RecurrentCell.initialCellOperand, memory)] {
                for unit in 0..<hidden {
                    to[unit] = operands.optionalInput(operand, as: Element.self)?[start + unit] ?? 0
                }
            }
            let length = lengths.map { Int($0[item]) } ?? sizes.steps
            let output = operands.optionalOutput(0, as: Element.self)
            for step in 0..<sizes.steps {
                let isPast = step >= length
                let time = cell.isReversed(direction) && !isPast ? length - 1 - step : step
                if !isPast {
                    advance(
                        direction, sources.input + cell.inputOffset(time: time, item: item), sources, sums, functions)
                }
                guard let output else { continue }
                let to = output + cell.stepOffset(time: time, direction: direction, item: item)
                for unit in 0..<hidden { to[unit] = isPast ? 0 : state[unit] }
            }
            for (index, from) in [(1, state), (2, memory)] {
                guard let last = operands.optionalOutput(index, as: Element.self) else { continue }
                for unit in 0..<hidden { last[start + unit] = length == 0 ? 0 : from[unit] }
            }
        }
    }

    /// start + the product of a row of weights with a vector.
    @inline(__always)
    private func product(
        _ row: UnsafePointer<Element>, _ vector: UnsafePointer<Element>, _ count: Int, _ start: Element
    ) -> Element {
        var sum = start
        for index in 0..<count { sum += row[index] * vector[index] }
        return sum
    }

    /// One step of one item.
    ///
    /// - Parameters:
    ///   - x: [input]
    ///   - sums: [gates, hidden], with inner product, state, cell and masked state behind, [hidden] each
    private func advance(
        _ direction: Int, _ x: UnsafePointer<Element>, _ operands: Operands, _ sums: UnsafeMutablePointer<Element>,
        _ functions: [@Sendable (Double) -> Double]
    ) {
        let hidden = sizes.hidden
        let gates = cell.gateCount
        let rows = gates * hidden
        let inner = sums + rows
        let state = inner + hidden
        let memory = state + hidden
        let masked = memory + hidden
        let weights = operands.weights + direction * rows * sizes.input
        let recurrent = operands.recurrent + direction * rows * hidden
        let biases = operands.biases.map { $0 + direction * 2 * rows }
        let clip = Element(cell.recurrence.clip ?? .infinity)
        func activate(_ function: Int, _ value: Element) -> Element {
            Element(functions[function](Double(min(max(value, -clip), clip))))
        }
        var isGRU = false
        var resetsAfterProduct = false
        if case .gru(let after) = cell.kind { (isGRU, resetsAfterProduct) = (true, after) }
        for row in 0..<rows {
            let bias = biases.map { $0[row] + (isGRU && row >= 2 * hidden ? 0 : $0[rows + row]) } ?? 0
            let sum = product(weights + row * sizes.input, x, sizes.input, bias)
            sums[row] =
                isGRU && row >= 2 * hidden ? sum : product(recurrent + row * hidden, state, hidden, sum)
        }
        switch cell.kind {
        case .simple:
            for unit in 0..<hidden { state[unit] = activate(0, sums[unit]) }
        case .lstm(let couplesInputAndForget):
            let peepholes = operands.peepholes.map { $0 + direction * 3 * hidden }
            for unit in 0..<hidden {
                let before = memory[unit]
                let input = activate(0, sums[unit] + (peepholes?[unit] ?? 0) * before)
                let forget =
                    couplesInputAndForget
                    ? 1 - input : activate(0, sums[2 * hidden + unit] + (peepholes?[2 * hidden + unit] ?? 0) * before)
                memory[unit] = forget * before + input * activate(1, sums[3 * hidden + unit])
                let output = activate(0, sums[hidden + unit] + (peepholes?[hidden + unit] ?? 0) * memory[unit])
                inner[unit] = output * Element(functions[2](Double(memory[unit])))
            }
            state.update(from: inner, count: hidden)
        case .gru:
            for unit in 0..<2 * hidden { sums[unit] = activate(0, sums[unit]) }
            for unit in 0..<hidden {
                masked[unit] = resetsAfterProduct ? state[unit] : sums[hidden + unit] * state[unit]
            }
            for unit in 0..<hidden {
                let row = 2 * hidden + unit
                inner[unit] = product(recurrent + row * hidden, masked, hidden, biases?[rows + row] ?? 0)
            }
            for unit in 0..<hidden {
                let row = 2 * hidden + unit
                let hiddenGate = activate(
                    1, sums[row] + (resetsAfterProduct ? sums[hidden + unit] * inner[unit] : inner[unit]))
                state[unit] = (1 - sums[unit]) * hiddenGate + sums[unit] * state[unit]
            }
        }
    }
}
