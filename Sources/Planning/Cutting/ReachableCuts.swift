/// Where stages can end, state by state, if none may weigh more than a limit: the trial that `PlacementSearch` makes.
struct ReachableCuts {
    /// Ends of the stages so far.
    struct Ends {
        var low: Int
        var high: Int
        /// Where `marks` tells which ends between are meant; nil where it is all of them.
        var row: Int?

        static let none = Ends(low: 0, high: -1, row: nil)
        var isEmpty: Bool { high < low }
    }

    let table: StageTable
    let places: RankChoices
    /// By rule.
    let allowed: [AllowedStages]
    /// By step.
    let rules: [Int]
    /// By state: no end before it leads to the last block, as far as seconds tell; nil where none does.
    private(set) var needs: [Int?]
    /// By state.
    private(set) var ends: [Ends]
    private var marks: [Bool] = []
    /// Blocks and ends that were looked at one by one: a measure of the work.
    private(set) var lookCount = 0
    private(set) var isPossible = false

    /// By end, for the current step: the last end of the runs that begin there.
    private var laterEnds: [Int]
    /// By rule: the last ends of all plain blocks, for rules that many steps have.
    private var known: [[Int]]
    private let useCounts: [Int]

    /// - Parameters:
    ///   - rules: by step.
    ///   - useCounts: by rule: steps that have it.
    init(_ table: StageTable, _ places: RankChoices, allowed: [AllowedStages], rules: [Int], useCounts: [Int]) {
        self.table = table
        self.places = places
        self.allowed = allowed
        self.rules = rules
        self.useCounts = useCounts
        needs = [Int?](repeating: nil, count: places.stateCount)
        ends = [Ends](repeating: .none, count: places.stateCount)
        laterEnds = [Int](repeating: -1, count: table.blockCount + 1)
        known = [[Int]](repeating: [], count: allowed.count)
        findNeeds()
        guard needs[0] == 0 else { return }
        ends[0] = Ends(low: 0, high: 0, row: nil)
        for (number, step) in places.steps.enumerated() where !ends[step.from].isEmpty { take(number, step) }
        isPossible = places.finalStates.contains { !ends[$0].isEmpty }
    }

    /// The last end of a state that leaves each stage after it a block.
    private func highest(_ state: Int) -> Int { table.blockCount - (places.rankCount - places.depths[state]) }

    private mutating func findNeeds() {
        for state in places.finalStates { needs[state] = table.blockCount }
        for number in places.steps.indices.reversed() {
            let step = places.steps[number]
            guard let end = needs[step.to] else { continue }
            let lowest = places.depths[step.from]
            guard let first = allowed[rules[number]].earliestFirst(end: end, from: lowest) else { continue }
            // The stage may be as short as a block.
            needs[step.from] = min(needs[step.from] ?? .max, first)
        }
    }

    private mutating func take(_ number: Int, _ step: RankChoices.Step) {
        let from = ends[step.from]
        let high = highest(step.to)
        guard let need = needs[step.to] else { return }
        let firsts = from.low...max(from.low, min(from.high, high - 1))
        let low = max(need, from.low + 1)
        guard firsts.upperBound < high, low <= high else { return }
        let stages = allowed[rules[number]]
        if from.row == nil, stages.areAllFirst(firsts) {
            lookCount += 1
            let last = min(high, stages.lastEnd(from: firsts, bound: high))
            if low <= last { add(Ends(low: low, high: last, row: nil), to: step.to) }
        } else {
            sweep(number, from, firsts, low...high, to: step.to)
        }
    }

    /// Whether the stages so far can end before a block.
    func contains(_ end: Int, _ ends: Ends) -> Bool {
        guard end >= ends.low, end <= ends.high else { return false }
        return ends.row.map { marks[$0 + end - ends.low] } ?? true
    }

    private mutating func sweep(
        _ number: Int, _ from: Ends, _ firsts: ClosedRange<Int>, _ wanted: ClosedRange<Int>, to state: Int
    ) {
        let rule = rules[number]
        let stages = allowed[rule]
        if known[rule].isEmpty {
            known[rule] = plainEnds(of: rule)
            lookCount += known[rule].count
        }
        lookCount += wanted.upperBound - firsts.lowerBound
        // Taken out, so that each change of an element is only that.
        var marks = self.marks
        self.marks = []
        let plain = known[rule]
        let row = marks.count
        marks.append(contentsOf: repeatElement(false, count: wanted.count))
        let (fromRow, toRow) = ((from.row ?? 0) - from.low, row - wanted.lowerBound)
        let isWhole = from.row == nil
        var last = -1
        var reached = 0
        var hasLater = false
        var (low, high, count) = (Int.max, -1, 0)
        for end in firsts.lowerBound + 1...wanted.upperBound {
            let first = end - 1
            if first <= firsts.upperBound, isWhole || marks[fromRow + first] {
                let plainEnd =
                    !plain.isEmpty
                    ? plain[first] : stages.isPlain(first) ? stages.plainEnd(first, reached: &reached) : -1
                if plainEnd >= 0 {
                    if plainEnd > last, plainEnd > first { last = plainEnd }
                } else {
                    hasLater = true
                    stages.runs(of: first) { low, high, _ in laterEnds[low] = max(laterEnds[low], high) }
                }
            }
            if hasLater, laterEnds[end] >= 0 {
                last = max(last, laterEnds[end])
                laterEnds[end] = -1
            }
            guard last >= end, end >= wanted.lowerBound else { continue }
            marks[toRow + end] = true
            low = min(low, end)
            high = end
            count += 1
        }
        // Those behind what was looked at.
        if hasLater, wanted.upperBound < table.blockCount {
            for end in wanted.upperBound + 1...table.blockCount { laterEnds[end] = -1 }
        }
        // All or nothing between the first and the last needs no marks.
        let isInterval = count == high - low + 1
        if count == 0 || isInterval { marks.removeLast(wanted.count) }
        self.marks = consume marks
        guard count > 0 else { return }
        let found = Ends(low: low, high: high, row: isInterval ? nil : toRow + low)
        add(found, to: state)
    }

    /// By block: the last end of its stages where it is plain, else -1; empty where few steps have the rule.
    func plainEnds(of rule: Int) -> [Int] {
        guard known[rule].isEmpty else { return known[rule] }
        guard useCounts[rule] >= 4 else { return [] }
        let stages = allowed[rule]
        var reached = 0
        return (0..<table.blockCount).map { stages.isPlain($0) ? stages.plainEnd($0, reached: &reached) : -1 }
    }

    private mutating func add(_ more: Ends, to state: Int) {
        let old = ends[state]
        guard !old.isEmpty else {
            ends[state] = more
            return
        }
        var joined = Ends(low: min(old.low, more.low), high: max(old.high, more.high), row: nil)
        if old.row == nil, more.row == nil, more.low <= old.high + 1, old.low <= more.high + 1 {
            ends[state] = joined
            return
        }
        let row = marks.count
        lookCount += joined.high - joined.low + 1
        for end in joined.low...joined.high { marks.append(contains(end, old) || contains(end, more)) }
        joined.row = row
        ends[state] = joined
    }
}
