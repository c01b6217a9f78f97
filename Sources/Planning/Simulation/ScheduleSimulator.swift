/// Simulates a schedule on a cluster and finds when everything would happen: the same lists of actions that ranks carry
/// out, and the same rules for when an action can start.
///
/// A discrete-event simulation. Computing, reading and writing take the seconds that the costs give. A message takes
/// the latency and bytes / bandwidth of its link, three latencies above the eager limit; messages between nodes go
/// through the interfaces of both nodes one after another. What a processor does for a message while it computes delays
/// the computing.
public struct ScheduleSimulator {
    private let schedule: Schedule
    private let plan: PartitionPlan
    private let costs: ScheduleCosts
    private let cluster: Cluster

    /// - Precondition: the cluster has as many ranks as the plan, and there are costs for each microbatch.
    public init(_ schedule: Schedule, of plan: PartitionPlan, costs: ScheduleCosts, on cluster: Cluster) {
        precondition(cluster.ranks.count >= plan.rankCount, "fewer ranks than the plan is for")
        precondition(costs.microbatchSizes.count >= schedule.microbatchCount, "microbatches without costs")
        self.schedule = schedule
        self.plan = plan
        self.costs = costs
        self.cluster = cluster
    }

    /// What would be measured: seconds by activity for each rank, waits attributed.
    ///
    /// - Parameter spanLimit: spans and message events that are kept of each rank.
    /// - Throws: where the schedule would wait forever.
    public func timeline(spanLimit: Int = 0) throws(PlanningError) -> Timeline {
        var run = SimulatedRun(schedule, plan, costs, cluster, spanLimit: spanLimit)
        try run.play()
        return run.timeline
    }
}
