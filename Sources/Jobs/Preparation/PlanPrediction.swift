public import Planning

/// What a plan would do on a cluster that need not be available: simulated, not measured.
public struct PlanPrediction: Sendable, Codable {
    /// One plan on one cluster.
    public struct Outcome: Sendable, Codable, Hashable {
        public let ranks: Int
        /// Of the whole job, in seconds, loading apart.
        public let makespan: Double
        public let itemsPerSecond: Double
        /// Of one microbatch alone, in seconds.
        public let latency: Double
    }

    /// What the same job would do if one thing were different.
    public struct Alternative: Sendable, Codable {
        public let change: String
        public let outcome: Outcome
    }

    /// Shares of the makespan, from 0 to 1.
    public struct RankShare: Sendable, Codable {
        public let rank: Int
        public let compute: Double
        /// Reading inputs and writing outputs.
        public let inputOutput: Double
        /// Communication that no computing hides.
        public let communication: Double
        /// Pipeline bubble and imbalance.
        public let idle: Double
        /// Weights, activations and buffers of messages, in bytes.
        public let memory: Int
    }

    public let outcome: Outcome
    /// Where the costs of layers come from.
    public let costs: LayerCosts.Origin
    /// Where the time of each rank would go.
    public let ranks: [RankShare]
    public let alternatives: [Alternative]
    /// The number of ranks that would be faster, where fewer are.
    public let fewerRanks: Outcome?

    /// - Throws: `JobError` where the job's cluster has fewer ranks than its plan.
    public init(_ job: JobPreparation) throws {
        let (plan, cluster) = (job.plan, job.cluster)
        guard cluster.ranks.count >= plan.rankCount else {
            throw JobError.tooFewRanks(cluster, rankCount: plan.rankCount)
        }
        let simulation = PlanSimulation(job.batching)
        let (outcome, timeline) = try simulation.run(plan, costs: job.costs, on: cluster)
        self.outcome = outcome
        costs = job.costs.origin
        let need = MemoryNeed(of: plan, chain: job.chain)
        let makespan = timeline.makespan
        let stages = plan.stagesByRank
        ranks = timeline.ranks.map { rank in
            func share(_ activities: Timeline.Activity...) -> Double {
                makespan > 0 ? activities.reduce(0) { $0 + rank[$1] } / makespan : 0
            }
            let busy = share(.compute, .inputOutput, .transfer, .communicate)
            return RankShare(
                rank: rank.rank, compute: share(.compute), inputOutput: share(.inputOutput),
                communication: share(.transfer, .communicate), idle: max(0, 1 - busy),
                memory: need.byteCount(of: rank.rank < stages.count ? stages[rank.rank] : []))
        }
        var alternatives: [Alternative] = []
        func consider(_ change: String, _ plan: PartitionPlan, _ cluster: Cluster) throws {
            let outcome = try simulation.run(plan, costs: job.costs, on: cluster).outcome
            alternatives.append(Alternative(change: change, outcome: outcome))
        }
        if plan.rankCount > 1 {
            try consider("twice the bandwidth", plan, cluster.withLinks { $0.bandwidth *= 2 })
            try consider("half the latency", plan, cluster.withLinks { $0.latency /= 2 })
        }
        // Of pipelines; what replicas more would bring is their number.
        let more = plan.rankCount + 2
        if plan.replicaCount == 1, job.canBeCut(into: more) {
            let larger = cluster.extended(to: more)
            try consider("2 ranks more", job.plan(stageCount: more, cluster: larger), larger)
        }
        self.alternatives = alternatives
        fewerRanks = try PlanPrediction.better(than: outcome, simulation, job)
    }

    /// Seconds that the job would take.
    static func makespan(of job: JobPreparation) throws -> Double {
        try PlanSimulation(job.batching).run(job.plan, costs: job.costs, on: job.cluster).outcome.makespan
    }

    /// The best of the smaller numbers of ranks, where it is clearly better than the plan, by 1 %.
    private static func better(
        than outcome: Outcome, _ simulation: PlanSimulation, _ job: JobPreparation
    ) throws -> Outcome? {
        // The next smaller ones, and fewer and fewer of the others.
        var candidates: [Int] = []
        var count = job.plan.replicaCount == 1 ? outcome.ranks - 1 : 0
        while count >= 1 {
            candidates.append(count)
            count -= max(1, count / 4)
        }
        var best: Outcome?
        for count in candidates.reversed() where job.canBeCut(into: count) {
            let limit = (best?.makespan ?? outcome.makespan) * 0.99
            // Most need not be tried: computing alone takes longer.
            func isTooSlow(_ seconds: Double) -> Bool {
                simulation.leastMakespan(stageCount: count, computing: seconds) >= limit
            }
            if isTooSlow(job.leastStageSeconds(stageCount: count)) { continue }
            let plan: PartitionPlan
            do { plan = try job.plan(stageCount: count, cluster: job.cluster) } catch is PlanningError {
                // So few ranks cannot hold the model.
                continue
            }
            if isTooSlow(job.slowestStageSeconds(plan)) { continue }
            let found = try simulation.run(plan, costs: job.costs, on: job.cluster).outcome
            if found.makespan < limit { best = found }
        }
        return best
    }
}

extension JobPreparation {
    /// Whether the job's strategy makes plans of this many stages.
    fileprivate func canBeCut(into stageCount: Int) -> Bool {
        stageCount <= chain.stageLimit && specification.parallelism.strategy != .manual
    }

    /// Seconds that the slowest of this many stages computes for a full microbatch at least, however the model is cut.
    fileprivate func leastStageSeconds(stageCount: Int) -> Double {
        let speed = cluster.ranks.prefix(stageCount).reduce(0) { $0 + $1.flopsPerSecond }
        return costs.layers.reduce(0, +) * costs.flopsPerSecond / speed
    }

    /// Seconds that the slowest stage of a plan computes for a full microbatch.
    fileprivate func slowestStageSeconds(_ plan: PartitionPlan) -> Double {
        zip(plan.stages, plan.layerRanges).reduce(0) { slowest, stage in
            let seconds = costs.layers[stage.1].reduce(costs.stage, +)
            return max(slowest, seconds * costs.slowness(of: cluster.ranks[stage.0.ranks[0]]))
        }
    }
}

extension Cluster {
    fileprivate func withLinks(_ change: (inout Link) -> Void) -> Cluster {
        var cluster = self
        change(&cluster.withinNode)
        change(&cluster.acrossNodes)
        for pair in cluster.unlikeLinks.keys { change(&cluster.unlikeLinks[pair]!) }
        return cluster
    }

    /// With further ranks like the last one, on nodes filled as the last one is.
    fileprivate func extended(to count: Int) -> Cluster {
        var cluster = self
        let last = cluster.ranks[cluster.ranks.count - 1]
        let perNode = cluster.ranks.count { $0.node == last.node }
        var added = 0
        while cluster.ranks.count < count {
            cluster.ranks.append(
                Rank(
                    node: last.node + 1 + added / perNode, flopsPerSecond: last.flopsPerSecond,
                    memoryByteCount: last.memoryByteCount))
            added += 1
        }
        return cluster
    }
}
