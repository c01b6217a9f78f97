/// The exact answer to "cut a chain into contiguous stages and put each on a rank of its own, so that the heaviest stage
/// is as light as possible, and of all such plans take the one whose messages take the least time in transit".
///
/// The lightest heaviest stage is found by trials: whether a limit can be kept is asked of intervals of cuts, not of
/// each cut (`ReachableCuts`), and of the weights between what is possible and what is not only those that a stage can
/// have are tried. Then one pass over the cuts that are left finds the lowest toll (`CheapestPlan`).
struct PlacementSearch {
    /// What a plan is worth, and the plan.
    struct Result {
        let heaviest: Double
        /// The block that each stage begins with.
        let starts: [Int]
        /// By stage.
        let ranks: [Int]

        func placement(on problem: PartitionProblem) -> Placement {
            let blocks = problem.chain.blockStarts
            return Placement(boundaries: starts.map { blocks[$0] }, ranks: ranks)
        }
    }

    let table: StageTable
    let places: RankChoices
    private let rules: [StageRule]
    /// By step.
    private let ruleOfStep: [Int]
    /// By rule: its steps.
    private let useCounts: [Int]
    /// Below any weight that can be reached, and one that no stage has more than.
    private let bounds: ClosedRange<Double>
    /// Blocks and ends that were looked at one by one: a measure of the work.
    private(set) var lookCount = 0

    /// - Parameters:
    ///   - rules: what stages weigh, each once.
    ///   - ruleOfStep: by step of the choices.
    ///   - lowest: no plan's heaviest stage weighs less.
    init(_ table: StageTable, _ places: RankChoices, rules: [StageRule], ruleOfStep: [Int], lowest: Double) {
        self.table = table
        self.places = places
        self.rules = rules
        self.ruleOfStep = ruleOfStep
        var useCounts = [Int](repeating: 0, count: rules.count)
        for rule in ruleOfStep { useCounts[rule] += 1 }
        self.useCounts = useCounts
        let highest = rules.reduce(0) { most, rule in
            let seconds = rule.weight(
                seconds: table.seconds[table.blockCount], handling: rule.messages.handlingRange.upperBound)
            return max(most, seconds, rule.messages.paces.max() ?? 0)
        }
        bounds = min(lowest, highest)...highest
    }

    /// Nil where no plan fits, or none is lighter than asked for.
    mutating func best(below limit: Double = .infinity) -> Result? {
        guard let cuts = lightest(below: limit) else { return nil }
        return cheapest(cuts.0, limit: cuts.1)
    }

    func cheapest(_ cuts: ReachableCuts, limit: Double) -> Result {
        var plan = CheapestPlan(cuts)
        let (starts, path) = plan.find()
        return Result(heaviest: limit, starts: starts, ranks: places.ranks(of: path))
    }

    /// The lightest weight that the heaviest stage can have, and the cuts within it.
    mutating func lightest(below limit: Double = .infinity) -> (ReachableCuts, Double)? {
        var high = bounds.upperBound
        if limit <= high { high = limit.nextDown }
        guard high >= 0, var found = trial(high) else { return nil }
        // Exclusive from here on.
        var low = bounds.lowerBound * (1 - 1e-9)
        if low <= 0 {
            if let free = trial(0) { return (free, 0) }
            low = 0
        }
        // The bound is often near.
        for factor in [1 + 1e-6, 1.05, 1.25, 2, 4, 16] where bounds.lowerBound > 0 {
            let weight = bounds.lowerBound * factor
            guard weight < high else { break }
            if let better = trial(weight) {
                (found, high) = (better, weight)
                break
            }
            low = weight
        }
        var trials = 0
        // Of positive numbers the greater has the greater bits.
        while low.bitPattern + 1 < high.bitPattern {
            if trials % 3 == 0, let weights = weights(above: low, through: high, within: found) {
                return lightest(of: weights, found, high)
            }
            trials += 1
            let middle = Double(bitPattern: low.bitPattern + (high.bitPattern - low.bitPattern) / 2)
            if let better = trial(middle) { (found, high) = (better, middle) } else { low = middle }
        }
        return (found, high)
    }

    private mutating func lightest(
        of weights: [Double], _ found: ReachableCuts, _ high: Double
    ) -> (ReachableCuts, Double) {
        var (found, high) = (found, high)
        var (first, last) = (0, weights.count)
        while first < last {
            let middle = (first + last) / 2
            if let better = trial(weights[middle]) {
                (found, high) = (better, weights[middle])
                last = middle
            } else {
                first = middle + 1
            }
        }
        return (found, high)
    }

    /// The cuts if no stage may weigh more; nil where no plan keeps to it.
    mutating func trial(_ limit: Double) -> ReachableCuts? {
        var within: [Int: MessagesWithin] = [:]
        let allowed = rules.map { rule in
            let number = rule.messagesNumber
            let messages = within[number] ?? MessagesWithin(table, rule.messages, limit: limit)
            within[number] = messages
            return AllowedStages(table, rule, messages, limit: limit)
        }
        let cuts = ReachableCuts(table, places, allowed: allowed, rules: ruleOfStep, useCounts: useCounts)
        lookCount += cuts.lookCount
        return cuts.isPossible ? cuts : nil
    }

    /// What stages can weigh between two limits, ascending, each once; nil where that is a lot.
    private mutating func weights(
        above low: Double, through high: Double, within cuts: ReachableCuts
    ) -> [Double]? {
        // By rule: first blocks of its stages in a plan that keeps to the limit.
        var firsts = [ClosedRange<Int>?](repeating: nil, count: rules.count)
        for (number, step) in places.steps.enumerated() where !cuts.ends[step.from].isEmpty {
            let (ends, rule) = (cuts.ends[step.from], ruleOfStep[number])
            let highest = min(ends.high, table.blockCount - 1)
            guard ends.low <= highest else { continue }
            let known = firsts[rule]
            firsts[rule] =
                min(ends.low, known?.lowerBound ?? .max)...max(highest, known?.upperBound ?? 0)
        }
        var found = WeightsBetween(table, low: low, high: high)
        for (rule, range) in zip(rules, firsts) {
            guard let range else { continue }
            found.collect(rule, range)
            lookCount += range.count
            if found.isFull { return nil }
        }
        return Set(found.weights).sorted()
    }
}

/// Weights of stages above one limit and up to another.
private struct WeightsBetween {
    private static let countLimit = 1 << 13

    private let table: StageTable
    private let low: Double
    private let high: Double
    private(set) var weights: [Double] = []
    var isFull: Bool { weights.count > WeightsBetween.countLimit }

    init(_ table: StageTable, low: Double, high: Double) {
        (self.table, self.low, self.high) = (table, low, high)
    }

    mutating func collect(_ rule: StageRule, _ firsts: ClosedRange<Int>) {
        let below = AllowedStages.seconds(table, rule, 0, low)
        let above = AllowedStages.seconds(table, rule, 0, high)
        // The last ends within both; these grow with the first block where messages add nothing.
        var (last, next) = (0, 0)
        for first in firsts {
            for level in table.firstLevels[first]..<table.firstLevels[first + 1] {
                let start = level == table.firstLevels[first] ? first + 1 : table.levelEnds[level - 1] + 1
                let pace = rule.messages.paces[level]
                if pace > low, pace <= high { weights.append(pace) }
                guard pace <= high else { continue }
                let handling = rule.messages.handling[level]
                if handling > 0 {
                    let sums = [low, high].map { limit in
                        table.lastEnd(
                            within: table.seconds[first] + AllowedStages.seconds(table, rule, handling, limit))
                    }
                    add(rule, first, max(start, sums[0] + 1), min(sums[1], table.levelEnds[level]), handling)
                    continue
                }
                last = max(last, first)
                next = max(next, first)
                while last < table.blockCount, table.seconds[last + 1] - table.seconds[first] <= below { last += 1 }
                while next < table.blockCount, table.seconds[next + 1] - table.seconds[first] <= above { next += 1 }
                add(rule, first, max(start, last + 1), min(next, table.levelEnds[level]), 0)
            }
            if isFull { return }
        }
    }

    private mutating func add(_ rule: StageRule, _ first: Int, _ from: Int, _ through: Int, _ handling: Double) {
        guard from <= through else { return }
        for end in from...through {
            let weight = rule.weight(seconds: table.seconds[end] - table.seconds[first], handling: handling)
            if weights.last != weight { weights.append(weight) }
            if isFull { return }
        }
    }
}
