public import Kernels
public import MPI
public import Planning

/// Measures the ranks of a job and the links between them.
public enum ClusterProbe {
    /// How long to measure.
    public enum Effort: Sendable {
        /// About a second for a few ranks: enough to predict with.
        case brief
        /// Some ten seconds: more pairs, larger messages, more rounds.
        case thorough
    }

    /// All ranks call this together. Ranks that are not being measured sleep.
    ///
    /// - Returns: what was found, on rank 0.
    public static func measure(
        _ world: Communicator, pool: WorkerPool, effort: Effort
    ) throws -> ClusterMeasurement? {
        let budget = ProbeBudget(effort)
        let channel = try world.duplicate()
        let map = try NodeMap.find(channel)
        let speeds = try speeds(channel, pool: pool)
        let probe = try PairProbe(channel, budget: budget, pool: pool)
        var pairs: [ClusterMeasurement.Pair] = []
        if channel.rank == 0 {
            pairs = try measurePairs(probe, map, budget)
            try probe.end()
        } else {
            try probe.serve()
        }
        let collectives = try CollectiveProbe(
            world: channel, seconds: budget.collectiveSeconds / 8, largestByteCount: budget.largestByteCount
        ).measure()
        guard channel.rank == 0 else { return nil }
        return ClusterMeasurement(nodes: map.nodes, speeds: speeds, pairs: pairs, collectives: collectives)
    }

    /// Of all ranks, measured at the same time: the cores of a node share caches, memory and heat.
    private static func speeds(_ channel: Communicator, pool: WorkerPool) throws -> [ClusterMeasurement.Speed] {
        try channel.restingBarrier()
        let own = Result { try ProcessorSpeed.measure(pool: pool) }
        try channel.restingBarrier()
        // A rank that failed must not keep the others waiting.
        let measured = try? own.get()
        let all = try channel.allGather([measured?.flopsPerSecond ?? 0, measured?.bytesPerSecond ?? 0])
        _ = try own.get()
        let speeds = (0..<channel.size).map {
            ClusterMeasurement.Speed(flopsPerSecond: all[2 * $0], memoryBytesPerSecond: all[2 * $0 + 1])
        }
        if let failed = speeds.firstIndex(where: { $0.flopsPerSecond <= 0 }) {
            throw RemoteFailure(rank: failed, reason: "the speed of the processor could not be measured")
        }
        return speeds
    }

    private static func measurePairs(
        _ probe: PairProbe, _ map: NodeMap, _ budget: ProbeBudget
    ) throws -> [ClusterMeasurement.Pair] {
        let ranks = map.nodes.map(\.ranks)
        let within = PairChoice.withinNodes(ranks, limit: budget.withinLimit)
        let across = PairChoice.acrossNodes(ranks, limit: budget.acrossLimit)
        let sizeCount = ProbeBudget.smallByteCounts.count + ProbeBudget.largeByteCounts.count
        let sizeSeconds = budget.pairSeconds / Double(max(4, within.count + across.count) * sizeCount)
        func measure(_ chosen: PairChoice.Pair, hasHandling: Bool) throws -> ClusterMeasurement.Pair? {
            let found = try probe.measure(chosen, hasHandling: hasHandling, sizeSeconds: sizeSeconds)
            guard var link = LinkFit.link(found.times, eagerByteCount: Cluster.standardEagerByteCount) else {
                return nil
            }
            if let handling = found.handling {
                (link.sendHandling, link.receiveHandling) = handling
            }
            let members = [chosen.lead, chosen.follower]
            return ClusterMeasurement.Pair(
                ranks: members, nodes: members.map(map.node(ofRank:)), times: found.times, link: link,
                hasHandling: found.handling != nil)
        }
        var pairs: [ClusterMeasurement.Pair] = []
        for chosen in [within, across] {
            for (index, pair) in chosen.enumerated() {
                if let found = try measure(pair, hasHandling: index < budget.handlingLimit) { pairs.append(found) }
            }
        }
        return pairs
    }
}
