internal import Graphs
internal import Planning

/// The plans that are compared, on rank 0.
struct ComparisonField {
    private(set) var plans: [ComparedPlan] = []
    private(set) var leftOut: [String] = []
    /// One for each microbatch size.
    private var jobs: [JobPreparation] = []

    init(
        _ specification: JobSpecification, _ request: ComparisonRequest, worldSize: Int, threads: Int,
        cluster: Cluster, profiles: [Int: ModelProfile]
    ) throws {
        var jobOfSize: [Int: Int] = [:]
        for candidate in try request.candidates(specification, worldSize: worldSize) {
            if jobOfSize[candidate.microbatch] == nil {
                var base = specification
                base.schedule.microbatch = .exactly(candidate.microbatch)
                base.parallelism = JobSpecification.Parallelism()
                jobOfSize[candidate.microbatch] = jobs.count
                // The ranks as fast as the model has shown them to be, as in the prediction.
                let profile = profiles[candidate.microbatch]
                jobs.append(
                    try JobPreparation(
                        base, rankCount: 1, threads: threads, cluster: profile?.levelled(cluster) ?? cluster,
                        profile: profile))
            }
            let job = jobOfSize[candidate.microbatch]!
            var parallelism = specification.parallelism
            parallelism.strategy = candidate.strategy
            if let distribution = candidate.distribution { parallelism.distribution = distribution }
            let plan: PartitionPlan
            do {
                plan = try jobs[job].plan(strategy: parallelism, degrees: candidate.degrees)
                try jobs[job].verify(plan)
            } catch let error as PlanningError {
                leftOut.append(
                    "\(candidate.name) over \(candidate.degrees.rankCount) ranks is left out: \(error.description)")
                continue
            }
            // Strategies that agree are measured once.
            if let same = plans.firstIndex(where: { $0.job == job && $0.plan.hasCuts(of: plan) }) {
                plans[same].strategies.append(candidate.name)
            } else {
                plans.append(ComparedPlan(strategy: candidate.name, plan: plan, job: job))
            }
        }
        guard !plans.isEmpty else {
            throw JobError("nothing is left to compare:\n" + leftOut.joined(separator: "\n"))
        }
    }

    /// What ranks need for each plan.
    var assignments: [JobAssignment] { plans.map { jobs[$0.job].assignment(of: $0.plan) } }

    func inputs(of index: Int) -> InputSet { jobs[plans[index].job].inputs }

    mutating func add(_ reports: [RankReport], to index: Int) {
        plans[index].add(reports, itemCount: jobs[plans[index].job].batching.itemCount)
    }

    /// - Parameter profiles: measured between the runs.
    func report(
        rounds: Int, threads: Int, hosts: [String], profiles: [Int: ModelProfile], spanLimit: Int
    ) throws -> ComparisonReport {
        let ranked = plans.sorted { $0.itemsPerSecond > $1.itemsPerSecond }
        let entries = try ranked.enumerated().map { place, plan in
            let job = jobs[plan.job]
            let costs =
                try profiles[plan.plan.microbatchSize].map {
                    try $0.costs(of: job.chain, graph: job.bound.graph, path: "the profile")
                } ?? job.costs
            let cluster = profiles[plan.plan.microbatchSize]?.levelled(job.cluster) ?? job.cluster
            let predicted = try PlanSimulation(job.batching).run(
                plan.plan, costs: costs, on: cluster, spanLimit: spanLimit)
            return plan.entry(
                predicted: predicted, best: place == 0 ? nil : ranked[0], layers: LayerFigures(job.chain, costs: costs))
        }
        var seen: [String] = []
        for host in hosts where !seen.contains(host) { seen.append(host) }
        return ComparisonReport(
            model: jobs[0].model.path, items: jobs[0].batching.itemCount, rounds: rounds, threads: threads, hosts: seen,
            entries: entries, leftOut: leftOut)
    }
}

extension PartitionPlan {
    fileprivate func hasCuts(of other: PartitionPlan) -> Bool {
        stages.map(\.nodes) == other.stages.map(\.nodes) && stages.map(\.teams) == other.stages.map(\.teams)
            && (laneCount == 1 || policy == other.policy)
    }
}
