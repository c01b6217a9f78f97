public import Kernels
public import MPI
public import Planning

/// Measures the ranks of a job and the links between them.
public enum ClusterProbe {
    /// How long to measure.
    public enum Effort: Sendable {
        /// About a second for a few ranks: enough for predictions.
        case brief
        /// Some ten seconds: more pairs, larger messages, more rounds.
        case thorough
    }

    /// All ranks call this together. Ranks that are not being measured sleep.
    ///
    /// - Parameter shouldStop: called while a rank waits for another; the wait ends with an error when it returns true.
    /// - Returns: what was found, on rank 0.
    public static func measure(
        _ world: Communicator, pool: WorkerPool, effort: Effort, unless shouldStop: @escaping () -> Bool
    ) throws -> ClusterMeasurement? {
        let budget = ProbeBudget(effort)
        let channel = try world.duplicate()
        let map = try NodeMap.find(channel)
        var speeds = try speeds(channel, pool: pool, unless: shouldStop)
        let probe = try PairProbe(channel, budget: budget, pool: pool, unless: shouldStop)
        var pairs: [ClusterMeasurement.Pair] = []
        if channel.rank == 0 {
            pairs = try LinkSurvey(probe: probe, map: map, budget: budget).pairs()
            try probe.end()
        } else {
            try probe.serve()
        }
        // A rank that failed in the survey is not waited for.
        try channel.restingBarrier(unless: shouldStop)
        let route = try RelayRoute(pairs: pairs, map: map).shared(on: channel)
        let relay = try RelayProbe(world: channel, route: route, budget: budget, shouldStop: shouldStop).measure()
        let collectives = try CollectiveProbe(
            world: channel, seconds: budget.collectiveSeconds / 8, largestByteCount: budget.largestByteCount
        ).measure()
        if effort == .thorough {
            // A rank that was disturbed once is not slow.
            speeds = zip(speeds, try self.speeds(channel, pool: pool, unless: shouldStop)).map { $0.better($1) }
        }
        guard channel.rank == 0 else { return nil }
        return ClusterMeasurement(
            nodes: map.nodes, speeds: speeds, pairs: pairs, collectives: collectives, relay: relay)
    }

    /// Of all ranks, measured at the same time: the cores of a node share caches, memory and heat.
    private static func speeds(
        _ channel: Communicator, pool: WorkerPool, unless shouldStop: () -> Bool
    ) throws -> [ClusterMeasurement.Speed] {
        try channel.restingBarrier(unless: shouldStop)
        let own = Result { try ProcessorSpeed.measure(pool: pool) }
        try channel.restingBarrier(unless: shouldStop)
        // A rank that failed must not keep the others waiting: it says so with zeros, and then throws its own error.
        var figures = [0.0, 0.0]
        if case .success(let measured) = own { figures = [measured.flopsPerSecond, measured.bytesPerSecond] }
        let all = try channel.allGather(figures)
        _ = try own.get()
        let speeds = (0..<channel.size).map {
            ClusterMeasurement.Speed(flopsPerSecond: all[2 * $0], memoryBytesPerSecond: all[2 * $0 + 1])
        }
        if let failed = speeds.firstIndex(where: { $0.flopsPerSecond <= 0 }) {
            throw RemoteFailure(rank: failed, reason: "the speed of the processor could not be measured")
        }
        return speeds
    }
}

extension ClusterMeasurement.Speed {
    fileprivate func better(_ other: Self) -> Self {
        ClusterMeasurement.Speed(
            flopsPerSecond: max(flopsPerSecond, other.flopsPerSecond),
            memoryBytesPerSecond: max(memoryBytesPerSecond, other.memoryBytesPerSecond))
    }
}
