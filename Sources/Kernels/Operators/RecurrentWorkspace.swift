internal import Graphs

/// The memory that a recurrent operator works in, shared by its threads: input sums of some steps, biases, peepholes,
/// and states with their units rounded up to whole blocks.
struct RecurrentWorkspace: Sendable {
    /// Floats from one row of sums to the next: all gates of all blocks.
    let width: Int
    /// Hidden units, rounded up to whole blocks.
    let units: Int
    let batch: Int
    let directions: Int
    /// Steps whose input sums are held at a time.
    let stepsAtOnce: Int
    /// Parts of one direction, in floats from the start of the direction.
    private let biasOffset: Int
    private let innerBiasOffset: Int
    private let peepholeOffset: Int
    private let stateOffset: Int
    private let memoryOffset: Int
    private let maskedOffset: Int
    private let directionCount: Int

    /// Rows of sums that are worth a pass over the input's weights, and floats that fit into a core's cache with room
    /// for weights.
    private static let rowsAtOnce = 96
    private static let floatsAtOnce = 1 << 18

    init(_ cell: RecurrentCell, width: Int, units: Int) {
        let sizes = cell.sizes
        self.width = width
        self.units = units
        batch = sizes.batch
        directions = sizes.directions
        let rows = min(RecurrentWorkspace.rowsAtOnce, RecurrentWorkspace.floatsAtOnce / max(width, 1))
        stepsAtOnce = max(1, min(sizes.steps, rows / max(batch, 1)))
        // Every part has whole cache lines: width and units are multiples of a panel.
        biasOffset = stepsAtOnce * batch * width
        innerBiasOffset = biasOffset + width
        peepholeOffset = innerBiasOffset + units
        stateOffset = peepholeOffset + 3 * units
        memoryOffset = stateOffset + 2 * batch * units
        maskedOffset = memoryOffset + batch * units
        directionCount = maskedOffset + batch * units
    }

    var byteCount: Int { directions * directionCount * MemoryLayout<Float>.stride }

    private func part(_ base: UnsafeMutableRawPointer, _ direction: Int, _ offset: Int) -> UnsafeMutablePointer<Float> {
        base.assumingMemoryBound(to: Float.self) + direction * directionCount + offset
    }

    /// [stepsAtOnce, batch, width], by time
    func sums(_ base: UnsafeMutableRawPointer, direction: Int) -> UnsafeMutablePointer<Float> {
        part(base, direction, 0)
    }

    /// [width]: what is added to the products of the input
    func biases(_ base: UnsafeMutableRawPointer, direction: Int) -> UnsafeMutablePointer<Float> {
        part(base, direction, biasOffset)
    }

    /// [units]: of a hidden gate's product with the state, where the reset gate acts on it
    func innerBiases(_ base: UnsafeMutableRawPointer, direction: Int) -> UnsafeMutablePointer<Float> {
        part(base, direction, innerBiasOffset)
    }

    /// [3, units]
    func peepholes(_ base: UnsafeMutableRawPointer, direction: Int) -> UnsafeMutablePointer<Float> {
        part(base, direction, peepholeOffset)
    }

    /// [batch, units] before a step; two buffers are used alternately
    func state(_ base: UnsafeMutableRawPointer, direction: Int, step: Int) -> UnsafeMutablePointer<Float> {
        part(base, direction, stateOffset + step % 2 * batch * units)
    }

    /// [batch, units]: the cell of an LSTM
    func memory(_ base: UnsafeMutableRawPointer, direction: Int) -> UnsafeMutablePointer<Float> {
        part(base, direction, memoryOffset)
    }

    /// [batch, units]: the state that a GRU's reset gate lets through
    func masked(_ base: UnsafeMutableRawPointer, direction: Int) -> UnsafeMutablePointer<Float> {
        part(base, direction, maskedOffset)
    }

    /// Fills biases, peepholes and initial states.
    func prepare(_ cell: RecurrentCell, _ operands: KernelOperands, _ base: UnsafeMutableRawPointer) {
        let hidden = cell.sizes.hidden
        let gates = cell.gateCount
        let panel = RecurrentWeights.panel
        let resetsAfterProduct = cell.kind == .gru(resetsAfterProduct: true)
        for direction in 0..<directions {
            part(base, direction, biasOffset).update(repeating: 0, count: directionCount - biasOffset)
            if let bias = operands.optionalInput(3, as: Float.self) {
                // [2 * gates * hidden]: those of W, then those of R
                let ofInput = bias + direction * 2 * gates * hidden
                let ofState = ofInput + gates * hidden
                let sums = biases(base, direction: direction)
                for gate in 0..<gates {
                    let isInner = resetsAfterProduct && gate == gates - 1
                    for unit in 0..<hidden {
                        let place = (unit / panel * gates + gate) * panel + unit % panel
                        let from = gate * hidden + unit
                        sums[place] = isInner ? ofInput[from] : ofInput[from] + ofState[from]
                        if isInner { innerBiases(base, direction: direction)[unit] = ofState[from] }
                    }
                }
            }
            if let peepholes = operands.optionalInput(RecurrentCell.peepholeOperand, as: Float.self) {
                let from = peepholes + direction * 3 * hidden
                let to = self.peepholes(base, direction: direction)
                for gate in 0..<3 { (to + gate * units).update(from: from + gate * hidden, count: hidden) }
            }
            for (operand, to) in [
                (5, state(base, direction: direction, step: 0)),
                (RecurrentCell.initialCellOperand, memory(base, direction: direction)),
            ] {
                guard let initial = operands.optionalInput(operand, as: Float.self) else { continue }
                for item in 0..<batch {
                    let from = initial + cell.stateOffset(direction: direction, item: item)
                    (to + item * units).update(from: from, count: hidden)
                }
            }
        }
    }
}
