public import Planning
internal import Tensors

/// What a plan would do on a cluster that need not be at hand: simulated, not measured.
public struct PlanPrediction: Sendable, Codable {
    /// One plan on one cluster.
    public struct Outcome: Sendable, Codable {
        public let ranks: Int
        /// Of the whole job, in seconds, loading and files apart.
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

    public let outcome: Outcome
    /// Where the time of each rank would go.
    public let ranks: [RankShare]
    public let alternatives: [Alternative]
    /// The number of ranks that would be faster, where fewer are.
    public let fewerRanks: Outcome?

    /// Shares of the makespan, from 0 to 1.
    public struct RankShare: Sendable, Codable {
        public let rank: Int
        public let compute: Double
        /// Communication that no computing hides.
        public let communication: Double
        /// Pipeline bubble and imbalance.
        public let idle: Double
    }

    /// Microbatches that are simulated; what follows goes on as the second half of them does.
    static let simulatedMicrobatchCount = 1024

    /// - Throws: `JobError` where the cluster has fewer ranks than the plan.
    public init(_ job: JobPreparation, on cluster: Cluster) throws {
        let plan = job.plan
        guard cluster.ranks.count >= plan.stages.count else {
            throw JobError(
                "the plan is for \(plan.stages.count) ranks, and the cluster has \(cluster.ranks.count): describe more nodes, "
                    + "or plan for fewer ranks with --ranks")
        }
        let simulation = Simulation(job)
        let (outcome, timeline) = try simulation.run(plan, on: cluster)
        self.outcome = outcome
        ranks = timeline.ranks.map { rank in
            RankShare(
                rank: rank.rank, compute: rank[.compute] / timeline.makespan,
                communication: rank[.transfer] / timeline.makespan,
                idle: max(0, 1 - (rank[.compute] + rank[.transfer]) / timeline.makespan))
        }
        var alternatives: [Alternative] = []
        func consider(_ change: String, _ plan: PartitionPlan, _ cluster: Cluster) throws {
            alternatives.append(Alternative(change: change, outcome: try simulation.run(plan, on: cluster).outcome))
        }
        if plan.stages.count > 1 {
            try consider("twice the bandwidth", plan, cluster.withLinks { $0.bandwidth *= 2 })
            try consider("half the latency", plan, cluster.withLinks { $0.latency /= 2 })
        }
        let more = plan.stages.count + 2
        if let larger = try? job.plan(stageCount: more) {
            try consider("2 ranks more", larger, cluster.extended(to: more))
        }
        self.alternatives = alternatives
        fewerRanks = try PlanPrediction.better(than: outcome, simulation, job, cluster)
    }

    /// The best of the smaller numbers of ranks, where it beats the plan by more than the model can be wrong about ties.
    private static func better(
        than outcome: Outcome, _ simulation: Simulation, _ job: JobPreparation, _ cluster: Cluster
    ) throws -> Outcome? {
        var candidates: Set<Int> = []
        var count = outcome.ranks - 1
        // All small numbers, and fewer and fewer of the large ones.
        while count >= 1 {
            candidates.insert(count)
            count -= max(1, count / 8)
        }
        var best: Outcome?
        for count in candidates.sorted() {
            guard let plan = try? job.plan(stageCount: count) else { continue }
            let found = try simulation.run(plan, on: cluster).outcome
            if found.makespan < (best?.makespan ?? outcome.makespan) * 0.99 { best = found }
        }
        return best
    }

    private struct Simulation {
        let microbatchCount: Int
        let itemCount: Int
        let sizes: [Double]

        init(_ job: JobPreparation) {
            let batching = job.batching
            func elements(_ variant: InputBatching.Variant) -> Double {
                batching.inputTypes(of: variant).reduce(0) { $0 + Double($1.shape.elementCount) }
            }
            let full = max(1, elements(batching.representative))
            microbatchCount = batching.microbatchCount
            itemCount = batching.itemCount
            sizes = (0..<min(microbatchCount, simulatedMicrobatchCount)).map {
                elements(batching.variant(of: $0)) / full
            }
        }

        func run(_ plan: PartitionPlan, on cluster: Cluster) throws -> (outcome: Outcome, timeline: Timeline) {
            let timeline = try timeline(plan, count: sizes.count, cluster)
            var makespan = timeline.makespan
            if microbatchCount > sizes.count {
                let half = try self.timeline(plan, count: sizes.count / 2, cluster).makespan
                makespan +=
                    (makespan - half) / Double(sizes.count - sizes.count / 2)
                    * Double(microbatchCount - sizes.count)
            }
            let one = try self.timeline(plan, count: min(1, sizes.count), cluster).makespan
            let outcome = Outcome(
                ranks: plan.stages.count, makespan: makespan,
                itemsPerSecond: makespan > 0 ? Double(itemCount) / makespan : 0, latency: one)
            return (outcome, timeline)
        }

        private func timeline(_ plan: PartitionPlan, count: Int, _ cluster: Cluster) throws -> Timeline {
            try ScheduleSimulator(
                .pipeline(plan, microbatchCount: count), of: plan,
                costs: ScheduleCosts(plan, microbatchSizes: Array(sizes.prefix(count))), on: cluster
            ).timeline()
        }
    }
}

extension Cluster {
    fileprivate func withLinks(_ change: (inout Link) -> Void) -> Cluster {
        var cluster = self
        change(&cluster.withinNode)
        change(&cluster.acrossNodes)
        return cluster
    }

    /// With further ranks like the last one, on nodes filled as the last one is.
    fileprivate func extended(to count: Int) -> Cluster {
        var cluster = self
        let last = cluster.ranks[cluster.ranks.count - 1]
        let perNode = cluster.ranks.count { $0.node == last.node }
        var added = 0
        while cluster.ranks.count < count {
            cluster.ranks.append(Rank(node: last.node + 1 + added / perNode, flopsPerSecond: last.flopsPerSecond))
            added += 1
        }
        return cluster
    }
}
