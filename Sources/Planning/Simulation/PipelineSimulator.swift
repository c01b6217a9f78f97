/// Simulates the schedules of a plan's policy: without writing schedules out and without events where that gives the
/// same result, otherwise with `ScheduleSimulator`.
public struct PipelineSimulator {
    private let plan: PartitionPlan
    private let costs: ScheduleCosts
    private let cluster: Cluster
    private let work: WorkTable?

    /// - Parameters:
    ///   - costs: for all microbatches that will be simulated.
    ///   - work: of the same microbatches, where they are not all alike.
    public init(_ plan: PartitionPlan, costs: ScheduleCosts, on cluster: Cluster, work: WorkTable? = nil) {
        (self.plan, self.costs, self.cluster, self.work) = (plan, costs, cluster, work)
    }

    /// What would be measured, and the makespans of shorter jobs.
    ///
    /// - Parameters:
    ///   - shorter: their microbatches.
    ///   - spanLimit: spans that are kept of each rank.
    /// - Throws: where the schedule would wait forever.
    public func run(
        microbatchCount: Int, shorter: [Int] = [], spanLimit: Int = 0
    ) throws(PlanningError) -> (timeline: Timeline, shorter: [Double]) {
        if work?.order.isEmpty ?? true, let pattern = SchedulePattern(of: plan),
            let run = DirectRun(
                pattern, of: plan, costs: costs, on: cluster, microbatchCount: microbatchCount, spanLimit: spanLimit)
        {
            return (run.timeline, shorter.map { $0 > 0 ? run.ends[$0 - 1] : 0 })
        }
        var makespans: [Double] = []
        for count in shorter { makespans.append(try timeline(count).makespan) }
        return (try timeline(microbatchCount, spanLimit: spanLimit), makespans)
    }

    private func timeline(_ count: Int, spanLimit: Int = 0) throws(PlanningError) -> Timeline {
        let sharing = LaneSharing(
            plan, work: work?.prefix(count) ?? WorkTable(alike: count), paces: costs.paces(of: plan, on: cluster))
        return try ScheduleSimulator(Schedule(of: plan, sharing: sharing), of: plan, costs: costs, on: cluster)
            .timeline(spanLimit: spanLimit)
    }
}
