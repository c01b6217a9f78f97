/// The exact answer to "cut a chain into contiguous stages so that the heaviest stage is as light as possible, and of
/// all such cuts the one that sends the fewest bytes".
///
/// The first search bisects for the lightest load that can be the heaviest, where each trial finds for every stage the
/// layers that it can end before; the second finds the fewest bytes among the cuts that reach it. Both look only at ends
/// that leave the stages before and after them no more load than the limit allows.
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

    /// Where the n-th stage may end, so that each stage before and after it has a layer, and none of them more than
    /// the limit. By stage, from the first; nil where one has no such end.
    private func ends(stageCount: Int, limit: Double) -> [ClosedRange<Int>]? {
        let count = sums.count - 1
        // Sums are rounded.
        let share = limit + 1e-9 * sums[count]
        var found: [ClosedRange<Int>] = []
        found.reserveCapacity(stageCount)
        var (low, high) = (0, 0)
        for stage in 1...stageCount {
            let (before, after) = (share * Double(stage), sums[count] - share * Double(stageCount - stage))
            while low < count, sums[low] < after { low += 1 }
            while high < count, sums[high + 1] <= before { high += 1 }
            let first = max(low, stage == stageCount ? count : stage)
            let last = min(high, count - (stageCount - stage))
            guard first <= last else { return nil }
            found.append(first...last)
        }
        return found
    }

    func boundaries(stageCount: Int) -> [Int] {
        let limit = leastLimit(stageCount: stageCount)
        return cheapest(ends(stageCount: stageCount, limit: limit)!, limit: limit)
    }

    /// The lightest load that the heaviest of this many stages can have.
    private func leastLimit(stageCount: Int) -> Double {
        let count = sums.count - 1
        func isPossible(_ limit: Double) -> Bool { self.isPossible(stageCount: stageCount, limit: limit) }
        // Of positive numbers the greater has the greater bits.
        var (low, high) = (UInt64(0), max(0, load(0, count) + loadPerByte * 2 * (cutByteCounts.max() ?? 0)).bitPattern)
        while !isPossible(Double(bitPattern: high)) {
            // Rounding apart it is.
            high = (Double(bitPattern: high) * 2).bitPattern
            guard Double(bitPattern: high).isFinite, high > 0 else { break }
        }
        // No stage need be lighter than an even share.
        let even = sums[count] / Double(stageCount) * (1 - 1e-6)
        if even > 0, even.bitPattern < high { low = even.bitPattern }
        for trial in 0... {
            guard low < high else { break }
            if trial % 4 == 3, let loads = loads(from: Double(bitPattern: low), through: Double(bitPattern: high)) {
                var (first, last) = (0, loads.count)
                while first < last {
                    let middle = (first + last) / 2
                    if isPossible(loads[middle]) { last = middle } else { first = middle + 1 }
                }
                return first < loads.count ? loads[first] : Double(bitPattern: high)
            }
            let middle = low + (high - low) / 2
            if isPossible(Double(bitPattern: middle)) { high = middle } else { low = middle + 1 }
        }
        return Double(bitPattern: high)
    }

    /// The loads that stages can have between two limits, ascending, each once; nil where it takes long to find them.
    private func loads(from low: Double, through high: Double) -> [Double]? {
        let count = sums.count - 1
        var found: [Double] = []
        var lookCount = 0
        for first in 0..<count {
            var end = first + 1
            while end <= count, sums[end] - sums[first] <= high {
                let load = load(first, end)
                if load >= low, load <= high, load != found.last { found.append(load) }
                end += 1
                lookCount += 1
            }
            if found.count > 1 << 13 || lookCount > 64 * count { return nil }
        }
        return Set(found).sorted()
    }

    /// Whether this many stages can be made of which none is heavier than the limit.
    private func isPossible(stageCount: Int, limit: Double) -> Bool {
        guard let ends = ends(stageCount: stageCount, limit: limit) else { return false }
        // By end: whether the stages so far can end there.
        var isEnd = ends[0].map { load(0, $0) <= limit }
        var before = ends[0]
        for range in ends.dropFirst() {
            var next = [Bool](repeating: false, count: range.count)
            // The border that leaves most room of those at which the stage may begin.
            var best = -Double.infinity
            var first = before.lowerBound
            for end in range {
                let through = min(end, before.upperBound + 1)
                while first < through {
                    if isEnd[first - before.lowerBound] { best = max(best, lower(first)) }
                    first += 1
                }
                next[end - range.lowerBound] = upper(end) - best <= limit
            }
            (isEnd, before) = (next, range)
        }
        return isEnd[isEnd.count - 1]
    }

    private func cheapest(_ ends: [ClosedRange<Int>], limit: Double) -> [Int] {
        var bytes = ends[0].map { load(0, $0) <= limit ? 0.0 : .infinity }
        var before = ends[0]
        var choices: [[Int32]] = []
        var borders = BorderQueue()
        for range in ends.dropFirst() {
            var next = [Double](repeating: .infinity, count: range.count)
            var choice = [Int32](repeating: 0, count: range.count)
            borders.removeAll()
            var first = before.lowerBound
            for end in range {
                let through = min(end, before.upperBound + 1)
                while first < through {
                    let sum = bytes[first - before.lowerBound] + cutByteCounts[first]
                    if sum < .infinity { borders.add(.init(byteCount: sum, room: lower(first), border: first)) }
                    first += 1
                }
                guard let found = borders.fewestBytes(where: { upper(end) - $0 <= limit }) else { continue }
                next[end - range.lowerBound] = found.byteCount
                choice[end - range.lowerBound] = Int32(found.border)
            }
            (bytes, before) = (next, range)
            choices.append(choice)
        }
        var boundaries: [Int] = []
        var end = sums.count - 1
        for (choice, range) in zip(choices, ends.dropFirst()).reversed() {
            end = Int(choice[end - range.lowerBound])
            boundaries.append(end)
        }
        return [0] + boundaries.reversed()
    }
}

/// Borders at which a stage may begin: the one with the fewest bytes before it first, and of the others those that leave
/// more room than all with fewer bytes.
private struct BorderQueue {
    struct Entry {
        let byteCount: Double
        let room: Double
        let border: Int

        /// Of equals the last border counts.
        func isBetter(than other: Entry) -> Bool {
            byteCount < other.byteCount || byteCount == other.byteCount && border > other.border
        }
    }

    // Ascending by bytes and by room both.
    private var entries: [Entry] = []

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    private func count(where isTooNarrow: (Double) -> Bool) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) >> 1
            if isTooNarrow(entries[middle].room) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func add(_ entry: Entry) {
        let place =
            entries.last.map { $0.room <= entry.room } ?? true
            ? entries.count : count { $0 <= entry.room }
        if place < entries.count, entries[place].isBetter(than: entry) { return }
        var keep = place
        while keep > 0, entry.isBetter(than: entries[keep - 1]) { keep -= 1 }
        if keep > 0, entries[keep - 1].room == entry.room { return }
        if place == entries.count {
            entries.removeLast(place - keep)
            entries.append(entry)
        } else {
            entries.replaceSubrange(keep..<place, with: CollectionOfOne(entry))
        }
    }

    /// - Parameter isEnough: of the room that a border leaves.
    func fewestBytes(where isEnough: (Double) -> Bool) -> Entry? {
        let place = count { !isEnough($0) }
        return place < entries.count ? entries[place] : nil
    }
}
