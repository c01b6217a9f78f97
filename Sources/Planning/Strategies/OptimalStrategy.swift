/// The steady pace of the pipeline is as fast as possible: computing, messages at the same time, ranks of different
/// speed, and a memory limit for each, all counted; and of the plans with that pace the one that finishes the first
/// item first.
///
/// Exact over all cuts, and over all orders of the ranks too where there are few ways in which these differ; otherwise over
/// the cluster's own order and those that use one node up before the next, or over the cluster's own order alone.
public struct OptimalStrategy: PartitionStrategy {
    public static let name = "optimal"

    /// States of the order of ranks that are searched at most.
    static let stateLimit = 1500

    public init() {}

    /// - Throws: where no plan fits into the ranks' memory, saying how much is missing.
    public func placement(for problem: PartitionProblem) throws(PlanningError) -> Placement {
        let places = RankChoices(
            problem.cluster, count: problem.stageCount,
            stateLimit: max(problem.stageCount + 1, min(OptimalStrategy.stateLimit, 400_000 / problem.chain.stageLimit))
        )
        var choices = [places]
        // The cluster's own order is one of the others, unless it comes back to a node.
        if places.freedom == .nodeByNode, problem.returnsToNodes {
            choices.append(.inOrder(problem.cluster, count: problem.stageCount))
        }
        let table = StageTable(problem.chain, costs: problem.costs)
        var best: (search: PlacementSearch, cuts: ReachableCuts, weight: Double)?
        for places in choices {
            var search = OptimalStrategy.search(problem, table, places)
            guard let (cuts, weight) = search.lightest(below: best?.weight ?? .infinity) else { continue }
            best = (search, cuts, weight)
        }
        guard let best else { throw MemoryShortage(problem).error }
        return best.search.cheapest(best.cuts, limit: best.weight).placement(on: problem)
    }

    static func search(_ problem: PartitionProblem, _ table: StageTable, _ places: RankChoices) -> PlacementSearch {
        struct Key: Hashable {
            let kind: RankChoices.Kind
            let link: Cluster.Link?
        }
        let (costs, cluster) = (problem.costs, problem.cluster)
        var messages: [MessageTimes] = []
        var numbers: [Cluster.Link?: Int] = [:]
        var fitting: [Int: FittingStages] = [:]
        var rules: [StageRule] = []
        var known: [Key: Int] = [:]
        let ruleOfStep = places.steps.map { step in
            let key = Key(kind: step.kind, link: step.link)
            if let rule = known[key] { return rule }
            if numbers[step.link] == nil {
                numbers[step.link] = messages.count
                messages.append(MessageTimes(table) { OptimalStrategy.message($0, over: step.link, cluster) })
            }
            if let limit = step.kind.memoryByteCount, fitting[limit] == nil, table.memory.greatest > Double(limit) {
                fitting[limit] = FittingStages(table, within: Double(limit))
            }
            let number = numbers[step.link]!
            known[key] = rules.count
            rules.append(
                StageRule(
                    speed: step.kind.flopsPerSecond, knownSpeed: costs.flopsPerSecond, stageSeconds: costs.stage,
                    messages: messages[number], messagesNumber: number,
                    fitting: step.kind.memoryByteCount.flatMap { fitting[$0] }))
            return rules.count - 1
        }
        // All ranks together are no faster, and neither is the fastest one with the heaviest block.
        let speeds = cluster.ranks.prefix(problem.stageCount).map(\.flopsPerSecond)
        let all = table.seconds[table.blockCount] + costs.stage * Double(problem.stageCount)
        let lowest = max(
            all * costs.flopsPerSecond / speeds.reduce(0, +),
            (table.blockSeconds.greatest + costs.stage) * costs.flopsPerSecond / (speeds.max() ?? 1))
        return PlacementSearch(table, places, rules: rules, ruleOfStep: ruleOfStep, lowest: lowest)
    }

    /// What a stage's messages take of this many bytes: seconds between two microbatches at best, seconds that a rank's
    /// computing takes longer, and seconds in transit.
    ///
    /// A rank computes and handles messages, and meanwhile messages come in, of which as many are under way at once as
    /// there are receives posted.
    private static func message(
        _ byteCount: Double, over link: Cluster.Link?, _ cluster: Cluster
    ) -> (pace: Double, handling: Double, toll: Double) {
        guard let link else { return (0, 0, 0) }
        let transfer = link.transferSeconds(byteCount)
        let latency = link.latency * (1 + cluster.handshakeLatencies(byteCount, over: link))
        guard byteCount > 0 else { return (0, 0, transfer + latency) }
        let pace = max(transfer, (transfer + latency) / Double(PartitionPlan.receiveSlotCount))
        return (pace, link.receiveHandling * byteCount, transfer + latency)
    }
}

extension PartitionProblem {
    /// Whether a node's ranks are not next to one another in the cluster's order.
    fileprivate var returnsToNodes: Bool {
        var seen: Set<Int> = []
        var last: Int?
        for rank in cluster.ranks.prefix(stageCount) where rank.node != last {
            guard seen.insert(rank.node).inserted else { return true }
            last = rank.node
        }
        return false
    }
}
