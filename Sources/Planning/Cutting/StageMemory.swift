/// What stages hold, and which of them fit into how much memory.
struct StageMemory {
    /// Buffers for each message.
    static let slots = Double(PartitionPlan.receiveSlotCount)

    private let blockCount: Int
    /// Of all blocks before each.
    private let parameterByteCounts: [Double]
    /// By block: the most that is alive while it runs.
    private let alive: RangeMaximum
    /// Bytes over the cut before each block, and the same with the sign changed, for the least of a range.
    private let cuts: RangeMaximum
    private let negativeCuts: RangeMaximum
    /// What is alive before a block and until which.
    private let passing: CrossingValues

    init(_ chain: LayerChain, blockOfLayer: [Int], blockCount: Int, passing: CrossingValues) {
        self.blockCount = blockCount
        self.passing = passing
        parameterByteCounts = StageTable.sums(chain.blockSums { Double($0.parameterByteCount) })
        var produced = [Double](repeating: 0, count: chain.layers.count)
        for value in chain.values { produced[value.home] += value.byteCount }
        var alive = [Double](repeating: 0, count: blockCount)
        for layer in chain.layers.indices {
            let block = blockOfLayer[layer]
            alive[block] = max(alive[block], chain.cutByteCounts[layer] + produced[layer])
        }
        self.alive = RangeMaximum(alive)
        let cutByteCounts = chain.blockCutByteCounts
        cuts = RangeMaximum(cutByteCounts)
        negativeCuts = RangeMaximum(cutByteCounts.map { -$0 })
    }

    /// No stage needs more.
    var greatest: Double {
        parameterByteCounts[blockCount] + alive.greatest + 2 * StageMemory.slots * cuts.greatest
    }

    /// Weights and activations of a stage, in bytes.
    func own(of blocks: Range<Int>) -> Double {
        parameterByteCounts[blocks.upperBound] - parameterByteCounts[blocks.lowerBound]
            + alive[blocks.lowerBound...blocks.upperBound - 1]
    }

    /// Visits the runs of ends that a stage may have within a limit, from the first.
    ///
    /// - Parameter visit: is given the first and the last end of a run; no two runs touch.
    func ends(
        of first: Int, within limit: Double, _ table: StageTable, _ visit: (_ low: Int, _ high: Int) -> Void
    ) {
        var (low, high) = (0, -1)
        for level in table.firstLevels[first]..<table.firstLevels[first + 1] {
            let start = level == table.firstLevels[first] ? first + 1 : table.levelEnds[level - 1] + 1
            let rest = limit - StageMemory.slots * table.received[level]
            // Weights and activations only grow.
            var (last, beyond) = (start - 1, table.levelEnds[level] + 1)
            while beyond - last > 1 {
                let middle = (last + beyond) >> 1
                if own(of: first..<middle) <= rest { last = middle } else { beyond = middle }
            }
            if last >= start {
                split(first, start, last, rest) { from, to in
                    if from == high + 1, high >= 0 {
                        high = to
                    } else {
                        if high >= 0 { visit(low, high) }
                        (low, high) = (from, to)
                    }
                }
            }
            // What more is received leaves no more room.
            if last < table.levelEnds[level] { break }
        }
        if high >= 0 { visit(low, high) }
    }

    /// The runs among the ends of a range, found by halves: most halves fit or do not fit as a whole.
    private func split(
        _ first: Int, _ low: Int, _ high: Int, _ rest: Double, _ visit: (_ low: Int, _ high: Int) -> Void
    ) {
        if own(of: first..<high) + StageMemory.slots * cuts[low...high] <= rest { return visit(low, high) }
        let passed = passing.byteCount(before: first, until: low)
        let least = own(of: first..<low) + StageMemory.slots * max(0, -negativeCuts[low...high] - passed)
        guard least <= rest else { return }
        if low == high { return visit(low, high) }
        let middle = (low + high) >> 1
        split(first, low, middle, rest, visit)
        split(first, middle + 1, high, rest, visit)
    }
}

/// The stages that fit into a limit of memory.
struct FittingStages {
    /// By first block: the last end such that all ends up to it fit; the block itself where not even it fits.
    private(set) var ends: [Int]
    /// By block: the last block up to it that fits into no stage that begins with it; -1 where there is none.
    private(set) var lastUnfit: [Int]
    /// First blocks whose stages fit again when they end later, and the runs of ends of these.
    private(set) var runs: [Int: [ClosedRange<Int>]] = [:]
    /// By first block: whether it has runs.
    private var hasRuns: [Bool]

    init(_ table: StageTable, within limit: Double) {
        ends = Array(0..<table.blockCount)
        lastUnfit = ends
        hasRuns = [Bool](repeating: false, count: table.blockCount)
        var unfit = -1
        for first in 0..<table.blockCount {
            var found: [ClosedRange<Int>] = []
            var last = first
            table.memory.ends(of: first, within: limit, table) { low, high in
                if low == first + 1 { last = high } else { found.append(low...high) }
            }
            ends[first] = last
            if !found.isEmpty {
                runs[first] = last > first ? [first + 1...last] + found : found
                hasRuns[first] = true
            }
            if last == first { unfit = first }
            lastUnfit[first] = unfit
        }
    }

    /// Whether all stages that begin with a block and fit end before those that do not.
    func isPlain(_ first: Int) -> Bool { !hasRuns[first] }
}
