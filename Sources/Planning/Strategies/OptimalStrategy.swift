/// The steady pace of the pipeline is as fast as can be: computing, messages beside it, ranks of different speed, and a
/// memory limit for each, all counted; and of the plans with that pace the one that brings the first item through first.
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
        let scan = StageScan(problem.chain, seconds: problem.costs.layers)
        let found = choices.compactMap { OptimalStrategy.search(problem, scan: scan, places: $0).best() }
        guard let best = found.min(by: { $0.heaviest < $1.heaviest }) else { throw MemoryShortage(problem).error }
        return best.placement(on: problem)
    }

    static func search(_ problem: PartitionProblem, scan: StageScan, places: RankChoices) -> PlacementSearch {
        let (costs, cluster) = (problem.costs, problem.cluster)
        func computing(_ figures: StageScan.Figures, _ step: RankChoices.Step) -> Double {
            (figures.seconds + costs.stage) * costs.flopsPerSecond / step.kind.flopsPerSecond
        }
        return PlacementSearch(
            scan: scan, places: places,
            load: { figures, step in
                if let limit = step.kind.memoryByteCount, figures.memoryByteCount > Double(limit) { return .infinity }
                return pace(computing: computing(figures, step), figures.receivedByteCount, over: step.link, cluster)
            },
            floor: computing,
            toll: { figures, step in
                guard let link = step.link else { return 0 }
                let bytes = figures.receivedByteCount
                return link.transferSeconds(bytes) + link.latency * (1 + cluster.handshakeLatencies(bytes, over: link))
            })
    }

    /// Seconds between two microbatches at best: a rank computes and handles messages, and beside that messages come in,
    /// of which so many are under way at once as there are receives posted.
    static func pace(
        computing: Double, _ byteCount: Double, over link: Cluster.Link?, _ cluster: Cluster
    ) -> Double {
        guard let link, byteCount > 0 else { return computing }
        let transfer = link.transferSeconds(byteCount)
        let onTheWay = transfer + link.latency * (1 + cluster.handshakeLatencies(byteCount, over: link))
        return max(
            computing + link.receiveHandling * byteCount, transfer,
            onTheWay / Double(PartitionPlan.receiveSlotCount))
    }
}

extension PartitionProblem {
    /// Whether a node's ranks stand apart in the cluster's order.
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
