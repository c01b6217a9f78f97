/// What any stage of a chain takes, found from sums up to each block instead of block by block.
struct StageTable {
    let blockCount: Int
    /// Seconds of all blocks before each, on a rank of the speed that the costs hold for.
    ///
    /// Whole multiples of `quantum`, so that sums are exact: stages of equal layers weigh the same wherever they are,
    /// which sums of rounded numbers would not.
    let seconds: [Double]
    /// A power of 2.
    let quantum: Double
    /// By block; for the heaviest of a range.
    let blockSeconds: RangeMaximum

    // A stage that begins with a block receives the more the later it ends. By first block, flat: the levels of that.
    let firstLevels: [Int]
    /// By level: the last end (the block after the stage) for which it holds.
    let levelEnds: [Int]
    /// By level: bytes that come from earlier blocks, each value counted once.
    let received: [Double]

    let memory: StageMemory

    /// - Parameter costs: nil where seconds do not matter.
    init(_ chain: LayerChain, costs: LayerCosts? = nil) {
        let starts = chain.blockStarts
        let count = starts.count
        blockCount = count
        let raw = costs.map { chain.blockSums(of: $0.layers) } ?? [Double](repeating: 0, count: count)
        let total = max(raw.reduce(0, +), costs?.stage ?? 0)
        // A double holds whole numbers up to 2^53; the sum of the rounded seconds stays below that.
        let quantum = total > 0 && total.isFinite ? max(total.binade / 0x1p50, .leastNonzeroMagnitude) : 1
        self.quantum = quantum
        let rounded = raw.map { ($0 / quantum).rounded() * quantum }
        self.seconds = StageTable.sums(rounded)
        blockSeconds = RangeMaximum(rounded)

        var blockOfLayer = [Int](repeating: 0, count: chain.layers.count)
        for (block, start) in starts.enumerated() {
            for layer in start..<(block + 1 < count ? starts[block + 1] : chain.layers.count) {
                blockOfLayer[layer] = block
            }
        }
        var received: [CrossingValues.Entry] = []
        var passing: [CrossingValues.Entry] = []
        for value in chain.values {
            let home = blockOfLayer[value.home]
            var before = home
            for layer in value.takers {
                let block = blockOfLayer[layer]
                guard block > before else { continue }
                received.append(.init(after: before, until: block, byteCount: value.byteCount))
                before = block
            }
            if before > home { passing.append(.init(after: home, until: before, byteCount: value.byteCount)) }
        }
        (firstLevels, levelEnds, self.received) = StageTable.levels(CrossingValues(received, blockCount: count))
        memory = StageMemory(
            chain, blockOfLayer: blockOfLayer, blockCount: count, passing: CrossingValues(passing, blockCount: count))
    }

    static func sums(_ numbers: [Double]) -> [Double] {
        var sums = [0.0]
        sums.reserveCapacity(numbers.count + 1)
        for number in numbers { sums.append(sums[sums.count - 1] + number) }
        return sums
    }

    private static func levels(_ crossing: CrossingValues) -> ([Int], [Int], [Double]) {
        let count = crossing.blockCount
        var (firsts, ends, received): ([Int], [Int], [Double]) = ([0], [], [])
        for first in 0..<count {
            var sum = 0.0
            var taker = first
            for index in crossing.range(of: first) {
                // Up to the next taker nothing more is needed; what this block takes it always receives.
                if crossing.untils[index] > taker {
                    ends.append(crossing.untils[index])
                    received.append(sum)
                    taker = crossing.untils[index]
                }
                sum += crossing.byteCounts[index]
            }
            ends.append(count)
            received.append(sum)
            firsts.append(ends.count)
        }
        return (firsts, ends, received)
    }

    /// The last end of a stage up to which all blocks before it take no more than this many seconds in sum: of the
    /// first numbers of the sums, how many are at most that, less one.
    func lastEnd(within sum: Double) -> Int {
        var (low, high) = (0, blockCount)
        while low < high {
            let middle = (low + high + 1) >> 1
            if seconds[middle] <= sum { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The level of what a stage receives.
    func level(first: Int, end: Int) -> Int {
        var (low, high) = (firstLevels[first], firstLevels[first + 1] - 1)
        while low < high {
            let middle = (low + high) >> 1
            if levelEnds[middle] >= end { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// The greatest of any range of numbers (a sparse table: the greatest of each 2^n from each place on).
struct RangeMaximum {
    private var tables: [[Double]]
    let greatest: Double

    init(_ numbers: [Double]) {
        greatest = numbers.max() ?? 0
        tables = [numbers]
        var width = 1
        while 2 * width <= numbers.count {
            let last = tables[tables.count - 1]
            tables.append((0...numbers.count - 2 * width).map { max(last[$0], last[$0 + width]) })
            width *= 2
        }
    }

    /// - Precondition: the range is not empty.
    subscript(range: ClosedRange<Int>) -> Double {
        let row = Int.bitWidth - 1 - (range.upperBound - range.lowerBound + 1).leadingZeroBitCount
        return max(tables[row][range.lowerBound], tables[row][range.upperBound + 1 - (1 << row)])
    }
}
