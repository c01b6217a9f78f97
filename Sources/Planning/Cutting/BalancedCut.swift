/// The exact answer to "cut a chain into contiguous stages so that the heaviest stage is as light as can be, and of
/// all such cuts the one that sends the fewest bytes".
///
/// Twice through (stages, layers): the first search bisects for the lightest load that can be the heaviest, where each trial
/// finds for every stage the layers that it can end before; the second finds the fewest bytes among the cuts that reach
/// it. O(stages * layers * log layers) steps.
struct BalancedCut {
    /// Prefix sums of the layers' loads.
    private let sums: [Double]
    private let cutByteCounts: [Double]
    /// What a byte over a cut costs, in units of load.
    private let loadPerByte: Double

    init(loads: [Double], cutByteCounts: [Double], loadPerByte: Double) {
        var sums = [0.0]
        for load in loads { sums.append(sums.last! + load) }
        self.sums = sums
        self.cutByteCounts = cutByteCounts
        self.loadPerByte = loadPerByte
    }

    /// For the blocks of a chain.
    init(_ chain: LayerChain, loadPerByte: Double, load: (LayerChain.Layer) -> Double) {
        self.init(
            loads: chain.blockSums(load), cutByteCounts: chain.blockCutByteCounts, loadPerByte: loadPerByte)
    }

    /// For figures by layer, without regard to what crosses the cuts until all else is equal.
    init(_ chain: LayerChain, loads: [Double]) {
        self.init(loads: chain.blockSums(of: loads), cutByteCounts: chain.blockCutByteCounts, loadPerByte: 0)
    }

    /// The layers that begin a stage.
    func boundaries(of chain: LayerChain, stageCount: Int) -> [Int] {
        let starts = chain.blockStarts
        return boundaries(stageCount: stageCount).map { starts[$0] }
    }

    /// Own work plus both borders is `upper(end) - lower(first)`: what a rank sends and what it receives passes through
    /// its hands.
    private func upper(_ end: Int) -> Double { sums[end] + loadPerByte * cutByteCounts[end] }
    private func lower(_ first: Int) -> Double { sums[first] - loadPerByte * cutByteCounts[first] }
    private func load(_ first: Int, _ end: Int) -> Double { upper(end) - lower(first) }

    /// Where the n-th stage may end, so that each stage before and after it has a layer.
    private func ends(of stage: Int, stageCount: Int) -> ClosedRange<Int> {
        let count = sums.count - 1
        return (stage == stageCount ? count : stage)...(count - (stageCount - stage))
    }

    func boundaries(stageCount: Int) -> [Int] {
        let count = sums.count - 1
        // Of positive numbers the greater has the greater bits.
        var (low, high) = (UInt64(0), max(0, load(0, count) + loadPerByte * 2 * (cutByteCounts.max() ?? 0)).bitPattern)
        while !isPossible(stageCount: stageCount, limit: Double(bitPattern: high)) {
            // Rounding apart it is.
            high = (Double(bitPattern: high) * 2).bitPattern
            guard Double(bitPattern: high).isFinite, high > 0 else { break }
        }
        while low < high {
            let middle = low + (high - low) / 2
            if isPossible(stageCount: stageCount, limit: Double(bitPattern: middle)) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return cheapest(stageCount: stageCount, limit: Double(bitPattern: high))
    }

    /// Whether so many stages can be made of which none is heavier than the limit.
    private func isPossible(stageCount: Int, limit: Double) -> Bool {
        let count = sums.count - 1
        // By layer: whether the stages so far can end before it.
        var isEnd = (0...count).map { $0 > 0 && load(0, $0) <= limit }
        for stage in stride(from: 2, through: stageCount, by: 1) {
            var next = [Bool](repeating: false, count: count + 1)
            // The border that leaves most room of those at which the stage may begin.
            var best = -Double.infinity
            var first = stage - 1
            for end in ends(of: stage, stageCount: stageCount) {
                while first < end {
                    if isEnd[first] { best = max(best, lower(first)) }
                    first += 1
                }
                next[end] = upper(end) - best <= limit
            }
            isEnd = next
        }
        return isEnd[count]
    }

    private func cheapest(stageCount: Int, limit: Double) -> [Int] {
        let count = sums.count - 1
        var bytes = (0...count).map { $0 > 0 && load(0, $0) <= limit ? 0.0 : .infinity }
        var choices: [[Int32]] = [[Int32](repeating: 0, count: count + 1)]
        // Borders by the room that they leave, most first: a stage may begin at a number of the first ones.
        let byRoom = (0...count).sorted { (-lower($0), $0) < (-lower($1), $1) }
        var place = [Int](repeating: 0, count: count + 1)
        for (index, border) in byRoom.enumerated() { place[border] = index }
        for stage in stride(from: 2, through: stageCount, by: 1) {
            var next = [Double](repeating: .infinity, count: count + 1)
            var choice = [Int32](repeating: 0, count: count + 1)
            var least = PrefixMinimum(count: count + 1)
            var first = stage - 1
            for end in ends(of: stage, stageCount: stageCount) {
                while first < end {
                    if bytes[first].isFinite {
                        least.add(bytes[first] + cutByteCounts[first], first, at: place[first])
                    }
                    first += 1
                }
                // Those that leave room enough, by bisection.
                var (low, high) = (0, count + 1)
                while low < high {
                    let middle = (low + high) / 2
                    if load(byRoom[middle], end) <= limit { low = middle + 1 } else { high = middle }
                }
                guard let found = least.least(of: low) else { continue }
                next[end] = found.value
                choice[end] = Int32(found.border)
            }
            bytes = next
            choices.append(choice)
        }
        var boundaries: [Int] = []
        var end = count
        for choice in choices.reversed() {
            end = Int(choice[end])
            boundaries.append(end)
        }
        return boundaries.reversed()
    }
}

/// The least of the first so many numbers, while numbers are added in any order (a Fenwick tree).
private struct PrefixMinimum {
    /// Of equals the last border counts.
    private var nodes: [(value: Double, border: Int)]

    init(count: Int) { nodes = [(value: Double, border: Int)](repeating: (.infinity, -1), count: count + 1) }

    mutating func add(_ value: Double, _ border: Int, at place: Int) {
        var node = place + 1
        while node < nodes.count {
            if (value, -border) < (nodes[node].value, -nodes[node].border) { nodes[node] = (value, border) }
            node += node & -node
        }
    }

    /// Of those at the first `count` places; nil where there is none.
    func least(of count: Int) -> (value: Double, border: Int)? {
        var best = (value: Double.infinity, border: -1)
        var node = count
        while node > 0 {
            if (nodes[node].value, -nodes[node].border) < (best.value, -best.border) { best = nodes[node] }
            node &= node - 1
        }
        return best.border < 0 ? nil : best
    }
}
