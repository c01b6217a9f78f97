/// The exact answer to "cut a chain into stages so that the fullest holds as little as possible, and of such cuts take
/// the one whose stages receive the least".
struct MemorySearch {
    private let table: StageTable
    private let stageCount: Int
    private let places: RankChoices

    init(_ table: StageTable, stageCount: Int) {
        self.table = table
        self.stageCount = stageCount
        places = .inOrder(.unknown(rankCount: stageCount), count: stageCount)
    }

    /// What the fullest stage holds at least, in bytes; a whole number.
    func least() -> Double { search().1 }

    /// The blocks that the stages begin with.
    func starts() -> [Int] {
        var plan = CheapestPlan(search().0)
        return plan.find().starts
    }

    /// Whether no stage need hold more.
    func isPossible(within limit: Double) -> Bool { cuts(within: limit).isPossible }

    private func search() -> (ReachableCuts, Double) {
        let all = table.memory.own(of: 0..<table.blockCount)
        // Bytes are whole numbers; past those that a number holds exactly there is a rest.
        var high = (table.memory.greatest * (1 + 1e-12)).rounded(.up)
        var found = cuts(within: high)
        var low = -1.0
        for factor in [1.1, 1.5, 2, 4] {
            let limit = (all / Double(stageCount) * factor).rounded(.down)
            guard limit < high else { break }
            let trial = cuts(within: limit)
            if trial.isPossible {
                (found, high) = (trial, limit)
                break
            }
            low = limit
        }
        while high - low > 1 {
            let middle = ((low + high) / 2).rounded(.down)
            guard middle > low, middle < high else { break }
            let trial = cuts(within: middle)
            if trial.isPossible { (found, high) = (trial, middle) } else { low = middle }
        }
        return (found, high)
    }

    private func cuts(within limit: Double) -> ReachableCuts {
        // Only memory counts.
        let messages = MessageTimes(table) { (pace: 0, handling: 0, toll: $0) }
        let rule = StageRule(
            speed: 1, knownSpeed: 1, stageSeconds: 0, messages: messages, messagesNumber: 0,
            fitting: FittingStages(table, within: limit))
        let allowed = AllowedStages(table, rule, MessagesWithin(table, messages, limit: 0), limit: 0)
        return ReachableCuts(
            table, places, allowed: [allowed], rules: places.steps.map { _ in 0 }, useCounts: [places.steps.count])
    }
}
