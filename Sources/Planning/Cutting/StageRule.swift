/// What a stage weighs where it is put: on a kind of rank, behind a kind of link. Steps of one rule weigh alike.
struct StageRule {
    /// Of the rank, and of those that the seconds hold for, in floating-point operations a second.
    let speed: Double
    let knownSpeed: Double
    /// Seconds of a stage in addition to its layers.
    let stageSeconds: Double
    /// What its messages take.
    let messages: MessageTimes
    /// The same for rules whose messages go over one link.
    let messagesNumber: Int
    /// Nil where all stages fit.
    let fitting: FittingStages?

    /// Seconds of a stage by those of its layers, with what its messages add to them.
    func weight(seconds: Double, handling: Double) -> Double {
        (seconds + stageSeconds) * knownSpeed / speed + handling
    }
}

/// What the messages of stages take over one link, by level of `StageTable.received`.
struct MessageTimes {
    /// Seconds between two messages at best.
    private(set) var paces: [Double]
    /// Seconds that a message makes computing longer.
    private(set) var handling: [Double]
    /// Seconds that a stage's messages delay the first item.
    private(set) var tolls: [Double]
    /// The least and the most.
    let handlingRange: ClosedRange<Double>

    /// - Parameter figures: of the bytes that a stage receives; `handling` never falls as these grow.
    init(_ table: StageTable, _ figures: (Double) -> (pace: Double, handling: Double, toll: Double)) {
        (paces, handling, tolls) = ([], [], [])
        paces.reserveCapacity(table.received.count)
        handling.reserveCapacity(table.received.count)
        tolls.reserveCapacity(table.received.count)
        var last = (bytes: -1.0, found: (pace: 0.0, handling: 0.0, toll: 0.0))
        for bytes in table.received {
            // Most chains send much the same everywhere.
            if bytes != last.bytes { last = (bytes, figures(bytes)) }
            paces.append(last.found.pace)
            handling.append(last.found.handling)
            tolls.append(last.found.toll)
        }
        handlingRange = (handling.min() ?? 0)...(handling.max() ?? 0)
    }

    var hasHandling: Bool { handlingRange.upperBound > 0 }
}

/// The stages of one rule that weigh no more than a limit.
struct AllowedStages {
    private let table: StageTable
    let rule: StageRule
    let limit: Double
    /// Seconds of layers that a stage may have where its messages add nothing; negative where there is no such stage.
    let seconds: Double
    /// The same where they add the most.
    private let leastSeconds: Double
    private let messages: MessagesWithin

    init(_ table: StageTable, _ rule: StageRule, _ messages: MessagesWithin, limit: Double) {
        self.table = table
        self.rule = rule
        self.limit = limit
        self.messages = messages
        seconds = AllowedStages.seconds(table, rule, 0, limit)
        leastSeconds =
            rule.messages.hasHandling
            ? AllowedStages.seconds(table, rule, rule.messages.handlingRange.upperBound, limit) : seconds
    }

    /// Exact: the sum that weighs no more than the limit where the next one would.
    static func seconds(_ table: StageTable, _ rule: StageRule, _ handling: Double, _ limit: Double) -> Double {
        let total = table.seconds[table.blockCount]
        if rule.weight(seconds: total, handling: handling) <= limit { return total }
        let guess = min(total, (limit - handling) * rule.speed / rule.knownSpeed - rule.stageSeconds)
        // Rounding apart it is; the search is for where that decides.
        var (low, high) = (-1.0, (total / table.quantum).rounded())
        let near = (guess / table.quantum).rounded(.down)
        for (below, above) in [(near - 2, near + 3), (low, high)] where below >= low && above <= high {
            if !isAllowed(below) || isAllowed(above) { continue }
            (low, high) = (below, above)
            break
        }
        while high - low > 1 {
            let middle = ((low + high) / 2).rounded(.down)
            if isAllowed(middle) { low = middle } else { high = middle }
        }
        func isAllowed(_ count: Double) -> Bool {
            count < 0 || rule.weight(seconds: count * table.quantum, handling: handling) <= limit
        }
        return low < 0 ? -1 : low * table.quantum
    }

    private func seconds(level: Int) -> Double {
        guard rule.messages.hasHandling else { return seconds }
        let handling = rule.messages.handling[level]
        return handling == 0 ? seconds : AllowedStages.seconds(table, rule, handling, limit)
    }

    /// Whether each block of a range can begin a stage; false also where only a closer look tells.
    func areAllFirst(_ blocks: ClosedRange<Int>) -> Bool {
        guard leastSeconds >= 0, !messages.hasGaps, messages.lastUnfit[blocks.upperBound] < blocks.lowerBound else {
            return false
        }
        if let fitting = rule.fitting {
            guard fitting.runs.isEmpty, fitting.lastUnfit[blocks.upperBound] < blocks.lowerBound else { return false }
        }
        return table.blockSeconds.greatest <= leastSeconds || table.blockSeconds[blocks] <= leastSeconds
    }

    /// The last end of the stages that begin in a range of which each block can begin one, or a later one where that is
    /// behind `bound`.
    func lastEnd(from blocks: ClosedRange<Int>, bound: Int) -> Int {
        var best = -1
        for first in blocks.reversed() {
            let most = table.lastEnd(within: table.seconds[first] + seconds)
            // Those before it end no later.
            guard most > best else { break }
            best = max(best, contiguousEnd(first, most))
            if best >= bound { break }
        }
        return best
    }

    private func contiguousEnd(_ first: Int, _ most: Int) -> Int {
        var end = min(most, messages.ends[first])
        if let fitting = rule.fitting { end = min(end, fitting.ends[first]) }
        guard rule.messages.hasHandling else { return end }
        var allowed = first
        for level in table.firstLevels[first]..<table.firstLevels[first + 1] {
            let last = table.lastEnd(within: table.seconds[first] + seconds(level: level))
            allowed = max(allowed, min(last, table.levelEnds[level]))
            if last < table.levelEnds[level] { break }
        }
        return min(end, allowed)
    }

    /// The least block that a stage with an end or a later one may begin with, as far as its layers' seconds tell.
    func earliestFirst(end: Int, from lowest: Int) -> Int? {
        guard seconds >= 0 else { return nil }
        var (low, high) = (lowest, end)
        while low < high {
            let middle = (low + high) >> 1
            if table.seconds[middle] + seconds >= table.seconds[end] { high = middle } else { low = middle + 1 }
        }
        return low < table.blockCount ? low : nil
    }

    /// Whether the stages that begin with a block are those up to one end, and receive the same.
    func isPlain(_ first: Int) -> Bool {
        table.firstLevels[first + 1] - table.firstLevels[first] == 1
            && (rule.fitting?.isPlain(first) ?? true)
    }

    /// The last end of a stage that begins with a plain block; the block itself where there is none.
    ///
    /// - Parameter reached: one that seconds allow an earlier block's stage, for blocks in their order; is moved on.
    func plainEnd(_ first: Int, reached: inout Int) -> Int {
        let level = table.firstLevels[first]
        guard rule.messages.paces[level] <= limit, seconds >= 0 else { return first }
        var end: Int
        if rule.messages.handling[level] > 0 {
            let seconds = seconds(level: level)
            guard seconds >= 0 else { return first }
            end = table.lastEnd(within: table.seconds[first] + seconds)
        } else {
            let sum = table.seconds[first] + seconds
            end = max(first, reached)
            while end < table.blockCount, table.seconds[end + 1] <= sum { end += 1 }
            reached = end
        }
        if let fitting = rule.fitting { end = min(end, fitting.ends[first]) }
        return end
    }

    /// Visits runs of ends that a stage may have, from the first, each with one level of what it receives.
    func runs(of first: Int, _ visit: (_ low: Int, _ high: Int, _ level: Int) -> Void) {
        var low = first + 1
        for level in table.firstLevels[first]..<table.firstLevels[first + 1] {
            let end = table.levelEnds[level]
            defer { low = end + 1 }
            guard rule.messages.paces[level] <= limit else { continue }
            let seconds = seconds(level: level)
            guard seconds >= 0 else { return }
            let last = min(end, table.lastEnd(within: table.seconds[first] + seconds))
            // Whatever ends later is heavier.
            guard last >= low else { return }
            fitting(first, low...last) { visit($0, $1, level) }
            if last < end { return }
        }
    }

    private func fitting(_ first: Int, _ ends: ClosedRange<Int>, _ visit: (_ low: Int, _ high: Int) -> Void) {
        guard let fitting = rule.fitting else { return visit(ends.lowerBound, ends.upperBound) }
        func visitPart(_ run: ClosedRange<Int>) {
            let (low, high) = (max(ends.lowerBound, run.lowerBound), min(ends.upperBound, run.upperBound))
            if low <= high { visit(low, high) }
        }
        if let runs = fitting.runs[first] {
            for run in runs { visitPart(run) }
        } else if fitting.ends[first] > first {
            visitPart(first + 1...fitting.ends[first])
        }
    }
}

/// The stages whose messages come fast enough for a limit.
struct MessagesWithin {
    /// By first block: the last end such that the messages of all stages up to it do.
    private(set) var ends: [Int]
    /// By block: the last one up to it with which no stage can begin; -1 where there is none.
    private(set) var lastUnfit: [Int]
    /// Whether longer stages of some block do again.
    private(set) var hasGaps = false

    init(_ table: StageTable, _ times: MessageTimes, limit: Double) {
        ends = [Int](repeating: table.blockCount, count: table.blockCount)
        lastUnfit = ends
        var unfit = -1
        for first in 0..<table.blockCount {
            var end = first
            var isOpen = true
            for level in table.firstLevels[first]..<table.firstLevels[first + 1] {
                if times.paces[level] > limit {
                    isOpen = false
                } else if isOpen {
                    end = table.levelEnds[level]
                } else {
                    hasGaps = true
                }
            }
            ends[first] = end
            if end == first { unfit = first }
            lastUnfit[first] = unfit
        }
    }
}
