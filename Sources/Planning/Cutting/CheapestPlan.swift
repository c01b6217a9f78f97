/// The plan with the lowest toll among those that keep to a limit.
///
/// Dynamic programming over the cuts that can be reached. The stages of a step that may end before a block are those whose
/// run of ends has begun and is not over: of these only the ones that are cheapest for some end to come are kept in a queue,
/// so that each cut is looked at about once, however many stages could end there.
struct CheapestPlan {
    private let cuts: ReachableCuts
    private let table: StageTable
    private let places: RankChoices
    /// By state: where its ends are in the arrays below.
    private let rows: [Int]
    private var tolls: [Double]
    private var firsts: [Int32]
    /// Empty where each state has one step that leads to it.
    private var steps: [Int32] = []
    private var queue = StageQueue()
    /// By end, while a step is looked at: runs that begin there.
    private var later: [[StageQueue.Run]]

    init(_ cuts: ReachableCuts) {
        self.cuts = cuts
        table = cuts.table
        places = cuts.places
        var rows: [Int] = []
        var count = 0
        for ends in cuts.ends {
            rows.append(count)
            count += max(0, ends.high - ends.low + 1)
        }
        self.rows = rows
        tolls = [Double](repeating: .infinity, count: count)
        firsts = [Int32](repeating: -1, count: count)
        if places.steps.count >= places.stateCount { steps = [Int32](repeating: -1, count: count) }
        later = [[StageQueue.Run]](repeating: [], count: table.blockCount + 2)
    }

    private func place(_ state: Int, _ end: Int) -> Int { rows[state] + end - cuts.ends[state].low }

    /// The block that each stage begins with, and the steps that take the ranks.
    mutating func find() -> (starts: [Int], path: [RankChoices.Step]) {
        tolls[place(0, 0)] = 0
        // By rule: what the stages of each plain block are, where many steps ask.
        var plain = [[Int]](repeating: [], count: cuts.allowed.count)
        for (number, step) in places.steps.enumerated() {
            let (from, to) = (cuts.ends[step.from], cuts.ends[step.to])
            guard !from.isEmpty, !to.isEmpty, from.low < to.high else { continue }
            let rule = cuts.rules[number]
            if plain[rule].isEmpty { plain[rule] = cuts.plainEnds(of: rule) }
            look(number, step, from, to, plain[rule])
        }
        return walkBack()
    }

    private mutating func look(
        _ number: Int, _ step: RankChoices.Step, _ from: ReachableCuts.Ends, _ to: ReachableCuts.Ends, _ known: [Int]
    ) {
        let stages = cuts.allowed[cuts.rules[number]]
        let stageTolls = stages.rule.messages.tolls
        let (fromRow, toRow) = (rows[step.from] - from.low, rows[step.to] - to.low)
        queue.removeAll()
        // Taken out, so that each change of an element is only that.
        var (tolls, firsts) = (self.tolls, self.firsts)
        (self.tolls, self.firsts) = ([], [])
        defer { (self.tolls, self.firsts) = (tolls, firsts) }
        var laterCount = 0
        var reached = 0
        for end in from.low + 1...to.high {
            let first = end - 1
            if first <= from.high, tolls[fromRow + first] < .infinity {
                let toll = tolls[fromRow + first]
                let plainEnd =
                    !known.isEmpty
                    ? known[first] : stages.isPlain(first) ? stages.plainEnd(first, reached: &reached) : -1
                if plainEnd >= 0 {
                    if plainEnd >= max(end, to.low) {
                        let sum = toll + stageTolls[table.firstLevels[first]]
                        queue.add(StageQueue.Run(toll: sum, last: plainEnd, first: first))
                    }
                } else {
                    stages.runs(of: first) { low, high, level in
                        guard low <= to.high else { return }
                        later[low].append(StageQueue.Run(toll: toll + stageTolls[level], last: high, first: first))
                        laterCount += 1
                    }
                }
            }
            if laterCount > 0, !later[end].isEmpty {
                laterCount -= later[end].count
                for run in later[end] { queue.add(run) }
                later[end].removeAll(keepingCapacity: true)
            }
            guard end >= to.low, let best = queue.best(at: end), best.toll < tolls[toRow + end] else { continue }
            tolls[toRow + end] = best.toll
            firsts[toRow + end] = Int32(best.first)
            if !steps.isEmpty { steps[toRow + end] = Int32(number) }
        }
    }

    private func walkBack() -> (starts: [Int], path: [RankChoices.Step]) {
        var starts: [Int] = []
        var path: [RankChoices.Step] = []
        var end = table.blockCount
        var state = places.finalStates.filter { cuts.ends[$0].high == end }
            .min { tolls[place($0, end)] < tolls[place($1, end)] }!
        while state != 0 {
            let place = place(state, end)
            // Where each state has one step that leads to it, that one has the state's number less one.
            let step = places.steps[steps.isEmpty ? state - 1 : Int(steps[place])]
            starts.append(Int(firsts[place]))
            path.append(step)
            (state, end) = (step.from, Int(firsts[place]))
        }
        return (starts.reversed(), path.reversed())
    }
}

/// Stages that may end at the current place of a search: the cheapest first, and of the others those that may still end
/// when all that are cheaper may not.
private struct StageQueue {
    struct Run {
        let toll: Double
        /// The last end.
        let last: Int
        let first: Int

        /// Of equals the shorter stage goes first.
        func isCheaper(than other: Run) -> Bool { toll < other.toll || toll == other.toll && first > other.first }
    }

    // Ascending by toll and by last end both; those from `head` to `tail` count.
    private var runs: [Run] = []
    private var head = 0
    private var tail = 0

    mutating func removeAll() { (head, tail) = (0, 0) }

    mutating func add(_ run: Run) {
        var place = tail
        while place > head, runs[place - 1].last > run.last { place -= 1 }
        if place < tail, runs[place].isCheaper(than: run) { return }
        var keep = place
        while keep > head, run.isCheaper(than: runs[keep - 1]) { keep -= 1 }
        if keep > head, runs[keep - 1].last == run.last { return }
        if place < tail {
            runs.replaceSubrange(keep..<place, with: CollectionOfOne(run))
            tail += 1 - (place - keep)
        } else {
            if keep < runs.count { runs[keep] = run } else { runs.append(run) }
            tail = keep + 1
        }
    }

    mutating func best(at end: Int) -> Run? {
        while head < tail, runs[head].last < end { head += 1 }
        return head < tail ? runs[head] : nil
    }
}
