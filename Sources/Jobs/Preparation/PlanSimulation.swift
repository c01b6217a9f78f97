internal import Planning
internal import Tensors

/// Simulates plans of one job.
struct PlanSimulation {
    let batching: InputBatching
    /// By microbatch that is simulated: its size beside that of a full one.
    private let sizes: [Double]

    /// Microbatches that are simulated, times ranks; what follows goes on as the second half of them does.
    private static let workLimit = 1 << 19
    private static let microbatchLimit = 1024

    init(_ batching: InputBatching) {
        self.batching = batching
        sizes = PlanSimulation.sizes(batching, count: min(batching.microbatchCount, PlanSimulation.microbatchLimit))
    }

    /// All items in full microbatches, of which the last of a shape may be a part; at least a bit of one.
    var fullMicrobatchCount: Double {
        let sum =
            sizes.count == batching.microbatchCount
            ? sizes.reduce(0, +)
            : PlanSimulation.sizes(batching, count: batching.microbatchCount).reduce(0, +)
        return sum > 0 ? sum : 1
    }

    /// Of the first microbatches: their sizes beside that of a full one.
    static func sizes(_ batching: InputBatching, count: Int) -> [Double] {
        let full = max(1, batching.elementCount(of: batching.representative))
        return (0..<count).map { batching.elementCount(of: batching.variant(of: $0)) / full }
    }

    /// What a plan would do.
    ///
    /// - Parameter spanLimit: spans that are kept of each rank.
    func run(
        _ plan: PartitionPlan, costs: LayerCosts, on cluster: Cluster, spanLimit: Int = 0
    ) throws -> (outcome: PlanPrediction.Outcome, timeline: Timeline) {
        let count = min(sizes.count, max(64, PlanSimulation.workLimit / plan.stages.count))
        let timeline = try timeline(plan, costs, cluster, count: count, spanLimit: spanLimit)
        var makespan = timeline.makespan
        if batching.microbatchCount > count {
            let half = try self.timeline(plan, costs, cluster, count: count / 2).makespan
            makespan += (makespan - half) / Double(count - count / 2) * Double(batching.microbatchCount - count)
        }
        let one = try self.timeline(plan, costs, cluster, count: min(1, count)).makespan
        return (
            PlanPrediction.Outcome(
                ranks: plan.stages.count, makespan: makespan,
                itemsPerSecond: makespan > 0 ? Double(batching.itemCount) / makespan : 0, latency: one), timeline
        )
    }

    private func timeline(
        _ plan: PartitionPlan, _ costs: LayerCosts, _ cluster: Cluster, count: Int, spanLimit: Int = 0
    ) throws -> Timeline {
        try ScheduleSimulator(
            Schedule(of: plan, microbatchCount: count), of: plan,
            costs: ScheduleCosts(plan, costs: costs, microbatchSizes: Array(sizes.prefix(count))), on: cluster
        ).timeline(spanLimit: spanLimit)
    }
}
