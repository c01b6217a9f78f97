internal import CKernels
internal import Graphs
internal import Tensors

/// A recurrent operator in float32. The products of the input are computed for many steps at once, those of the state
/// step by step; both with packed weights.
///
/// Time runs the same for all items: in reverse an item waits in its initial state until the time of its last element.
struct RecurrentKernel: Kernel {
    let cell: RecurrentCell
    let inputWeights: RecurrentWeights
    let stateWeights: RecurrentWeights
    /// nil where weights are not constant.
    let packedInputWeights: Storage?
    let packedStateWeights: Storage?
    let layout: RecurrentWorkspace
    /// By direction.
    private let cells: [mpk_cell]

    /// Below this many multiply-adds of a step waking a thread costs more than it saves; directions run side by side.
    private static let smallestSharedStep = 1 << 20

    init(_ cell: RecurrentCell, _ request: KernelRequest) throws {
        self.cell = cell
        let sizes = cell.sizes
        inputWeights = RecurrentWeights(
            directions: sizes.directions, gates: cell.gateCount, hidden: sizes.hidden, depth: sizes.input)
        stateWeights = RecurrentWeights(
            directions: sizes.directions, gates: cell.gateCount, hidden: sizes.hidden, depth: sizes.hidden)
        packedInputWeights = try inputWeights.packed(request, operand: 1)
        packedStateWeights = try stateWeights.packed(request, operand: 2)
        cells = (0..<sizes.directions).map { cell.described(direction: $0) }
        layout = RecurrentWorkspace(
            cell, width: inputWeights.width, units: inputWeights.blocks * RecurrentWeights.panel)
    }

    var absorbedOperands: Set<Int> {
        Set((packedInputWeights == nil ? [] : [1]) + (packedStateWeights == nil ? [] : [2]))
    }

    var scratchByteCount: Int {
        var cell = cells[0]
        // Fewer steps may need more: few rows are taken at their whole depth.
        let ofProducts = (1...layout.stepsAtOnce).map { steps in
            var product = productShape(steps: steps)
            return sizes.input > 0 ? Int(mpk_linear_scratch_byte_count(&product)) : 0
        }
        return layout.byteCount + max(ofProducts.max() ?? 0, Int(mpk_cell_scratch_byte_count(&cell)))
    }

    private var sizes: Recurrence.Extents { cell.sizes }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let (lengths, longest) = try cell.lengths(operands)
        guard sizes.batch > 0 else { return }
        // Weights that another node computes are packed now.
        let inputStorage = packedInputWeights ?? inputWeights.packed(operands.input(1))
        let stateStorage = packedStateWeights ?? stateWeights.packed(operands.input(2))
        let run = RecurrentRun(
            operands: operands, lengths: lengths, longest: longest, workspace: context.scratch,
            inputWeights: UnsafePointer(inputStorage.pointer.assumingMemoryBound(to: Float.self)),
            stateWeights: UnsafePointer(stateStorage.pointer.assumingMemoryBound(to: Float.self)))
        layout.prepare(cell, operands, context.scratch)
        clearPastTheLongest(run)
        for first in stride(from: 0, to: longest, by: layout.stepsAtOnce) {
            let steps = first..<min(first + layout.stepsAtOnce, longest)
            multiplyInputs(steps, run, context)
            advance(steps, run, context)
        }
        finish(run)
        withExtendedLifetime((inputStorage, stateStorage)) {}
    }

    /// What the parts of one run share.
    private struct RecurrentRun {
        let operands: KernelOperands
        let lengths: UnsafePointer<Int32>?
        /// Steps that at least one item has.
        let longest: Int
        let workspace: UnsafeMutableRawPointer
        let inputWeights: UnsafePointer<Float>
        let stateWeights: UnsafePointer<Float>
    }

    /// The time at which a direction's first of some steps, in order of time, takes place.
    private func earliestTime(_ steps: Range<Int>, _ direction: Int, longest: Int) -> Int {
        cell.isReversed(direction) ? longest - steps.upperBound : steps.lowerBound
    }

    // MARK: Products of the input

    /// Rows are those of all items, or of one where items do not lie side by side.
    private func productShape(steps: Int) -> mpk_linear_shape {
        cell.recurrence.isBatchMajor
            ? inputWeights.shape(rows: steps, inputStride: 0, outputStride: sizes.batch * inputWeights.width)
            : inputWeights.shape(rows: steps * sizes.batch, inputStride: 0, outputStride: 0)
    }

    /// sums = X W^T + biases [steps][batch][width] for each direction, in order of time.
    private func multiplyInputs(_ steps: Range<Int>, _ run: RecurrentRun, _ context: borrowing KernelContext) {
        let input = run.operands.input(0, as: Float.self)
        var shape = productShape(steps: steps.count)
        let layout = layout
        for direction in 0..<sizes.directions {
            let time = earliestTime(steps, direction, longest: run.longest)
            let sums = layout.sums(run.workspace, direction: direction)
            let biases = layout.biases(run.workspace, direction: direction)
            guard sizes.input > 0 else {
                for row in 0..<steps.count * sizes.batch {
                    (sums + row * layout.width).update(from: biases, count: layout.width)
                }
                continue
            }
            let weights = run.inputWeights + direction * inputWeights.directionCount
            let epilogue = VectorisedFunction.identity.epilogue(bias: biases, residual: nil)
            withUnsafePointer(to: &shape) { shape in
                withUnsafePointer(to: epilogue) { epilogue in
                    let tasks = mpk_linear_task_count(shape, Int32(context.pool.threadCount))
                    for item in 0..<(cell.recurrence.isBatchMajor ? sizes.batch : 1) {
                        let from = input + cell.inputOffset(time: time, item: item)
                        let to = sums + item * layout.width
                        context.parallel(Int(tasks)) { task, scratch in
                            mpk_linear_run_task(
                                shape, from, weights, epilogue, to, Int32(task), tasks, scratch + layout.byteCount)
                        }
                    }
                }
            }
        }
    }

    // MARK: Steps

    private func advance(_ steps: Range<Int>, _ run: RecurrentRun, _ context: borrowing KernelContext) {
        let phases = Int(mpk_cell_phase_count(cells[0].kind))
        let blocks = inputWeights.blocks
        let layout = layout
        let work = sizes.directions * sizes.batch * stateWeights.directionCount
        guard context.pool.threadCount > 1, work >= RecurrentKernel.smallestSharedStep else {
            context.parallel(sizes.directions) { direction, scratch in
                for step in steps {
                    self.roundState(step, direction: direction, run)
                    for phase in 0..<phases {
                        self.run(
                            step, of: steps, phase, direction: direction, 0..<blocks, run, scratch + layout.byteCount)
                    }
                }
            }
            return
        }
        let groups = min(blocks, context.pool.threadCount)
        for step in steps {
            for direction in 0..<sizes.directions { roundState(step, direction: direction, run) }
            for phase in 0..<phases {
                context.parallel(sizes.directions * groups) { task, scratch in
                    let group = task % groups
                    self.run(
                        step, of: steps, phase, direction: task / groups,
                        blocks * group / groups..<blocks * (group + 1) / groups, run, scratch + layout.byteCount)
                }
            }
        }
    }

    /// Rounds the state before a step where the operator requires that; what was written of it to results stays exact.
    private func roundState(_ step: Int, direction: Int, _ run: RecurrentRun) {
        guard cell.roundsState else { return }
        let state = layout.state(run.workspace, direction: direction, step: step)
        UnsignedByteGrid(covering: state, count: sizes.batch * layout.units)
            .round(state, count: sizes.batch * layout.units)
    }

    /// Some blocks of one step of one direction.
    private func run(
        _ step: Int, of steps: Range<Int>, _ phase: Int, direction: Int, _ blocks: Range<Int>, _ run: RecurrentRun,
        _ scratch: UnsafeMutableRawPointer
    ) {
        let workspace = run.workspace
        let time = cell.isReversed(direction) ? run.longest - 1 - step : step
        let row = time - earliestTime(steps, direction, longest: run.longest)
        let output = run.operands.optionalOutput(0, as: Float.self)
        let hasPeepholes = run.operands.optionalInput(RecurrentCell.peepholeOperand, as: Float.self) != nil
        var description = cells[direction]
        var place = mpk_cell_step(
            time: Int64(time), lengths: run.lengths,
            sums: layout.sums(workspace, direction: direction) + row * sizes.batch * layout.width,
            recurrent: run.stateWeights + direction * stateWeights.directionCount,
            recurrent_bias: layout.innerBiases(workspace, direction: direction),
            peepholes: hasPeepholes ? UnsafePointer(layout.peepholes(workspace, direction: direction)) : nil,
            previous: layout.state(workspace, direction: direction, step: step),
            next: layout.state(workspace, direction: direction, step: step + 1),
            memory: layout.memory(workspace, direction: direction),
            masked: layout.masked(workspace, direction: direction),
            output: output.map { $0 + cell.stepOffset(time: time, direction: direction, item: 0) },
            output_stride: Int64(
                cell.recurrence.isBatchMajor ? sizes.steps * sizes.directions * sizes.hidden : sizes.hidden))
        mpk_cell_run(&description, &place, Int32(phase), Int64(blocks.lowerBound), Int64(blocks.upperBound), scratch)
    }

    // MARK: Results

    /// No item has a state after the longest sequence.
    private func clearPastTheLongest(_ run: RecurrentRun) {
        guard let output = run.operands.optionalOutput(0, as: Float.self) else { return }
        for time in run.longest..<sizes.steps {
            for direction in 0..<sizes.directions {
                for item in 0..<sizes.batch {
                    (output + cell.stepOffset(time: time, direction: direction, item: item)).update(
                        repeating: 0, count: sizes.hidden)
                }
            }
        }
    }

    /// The last states; zero for an empty sequence.
    private func finish(_ run: RecurrentRun) {
        for direction in 0..<sizes.directions {
            let state = layout.state(run.workspace, direction: direction, step: run.longest)
            let memory = layout.memory(run.workspace, direction: direction)
            for (index, source) in [(1, state), (2, memory)] {
                guard let output = run.operands.optionalOutput(index, as: Float.self) else { continue }
                for item in 0..<sizes.batch {
                    let to = output + cell.stateOffset(direction: direction, item: item)
                    if let lengths = run.lengths, lengths[item] == 0 {
                        to.update(repeating: 0, count: sizes.hidden)
                    } else {
                        to.update(from: source + item * layout.units, count: sizes.hidden)
                    }
                }
            }
        }
    }
}

extension RecurrentCell {
    /// The cell of a direction as CKernels knows it.
    fileprivate func described(direction: Int) -> mpk_cell {
        let kind: Int32
        var isCoupled = false
        switch self.kind {
        case .simple: kind = Int32(MPK_CELL_SIMPLE)
        case .lstm(let couples): (kind, isCoupled) = (Int32(MPK_CELL_LSTM), couples)
        case .gru(let resetsAfterProduct):
            kind = Int32(resetsAfterProduct ? MPK_CELL_GRU_RESET_AFTER : MPK_CELL_GRU)
        }
        let activations = functions(direction: direction).map(\.vectorised)
        return mpk_cell(
            kind: kind, couples_input_forget: isCoupled ? 1 : 0, batch: Int64(sizes.batch),
            hidden: Int64(sizes.hidden), clip: recurrence.clip ?? .infinity, f: activations[0],
            g: activations.count > 1 ? activations[1] : activations[0], h: activations[activations.count - 1])
    }
}
