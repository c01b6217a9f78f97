internal import Planning
internal import Tensors

/// Simulates plans of one job.
struct PlanSimulation {
    let batching: InputBatching
    /// The microbatches that are simulated.
    private let work: WorkTable
    private let sizes: [Double]

    /// Microbatches that are simulated, times ranks; what follows continues at the pace of the second half of them.
    private static let workLimit = 1 << 19
    private static let microbatchLimit = 1024

    init(_ batching: InputBatching) {
        self.batching = batching
        work = batching.work(count: min(batching.microbatchCount, PlanSimulation.microbatchLimit))
        sizes = work.sizes.map(Double.init)
    }

    /// All items in full microbatches, of which the last of a shape may be a part; at least a small part of one.
    var fullMicrobatchCount: Double {
        let sum =
            sizes.count == batching.microbatchCount
            ? sizes.reduce(0, +)
            : batching.work(count: batching.microbatchCount).sizes.reduce(0) { $0 + Double($1) }
        return sum > 0 ? sum : 1
    }

    /// Microbatches that are simulated for a plan.
    private func simulatedCount(rankCount: Int) -> Int {
        min(sizes.count, max(64, PlanSimulation.workLimit / rankCount))
    }

    /// Less than what a plan of this many stages would take, of which the slowest computes this many seconds for a full
    /// microbatch.
    func leastMakespan(stageCount: Int, computing seconds: Double) -> Double {
        let count = simulatedCount(rankCount: stageCount)
        let sum = sizes.prefix(count).reduce(0, +)
        let later = batching.microbatchCount - count
        // The rest allows for rounding, and for later microbatches that do not keep exactly the pace of the second
        // half.
        guard later > 0 else { return seconds * sum * (1 - 1e-9) }
        let half = sizes[count / 2..<count].reduce(0, +) / Double(count - count / 2)
        return seconds * (sum + half * Double(later)) * 0.98
    }

    /// What a plan would do.
    ///
    /// - Parameter spanLimit: spans that are kept of each rank.
    func run(
        _ plan: PartitionPlan, costs: LayerCosts, on cluster: Cluster, spanLimit: Int = 0
    ) throws -> (outcome: PlanPrediction.Outcome, timeline: Timeline) {
        let count = simulatedCount(rankCount: plan.rankCount)
        let isLonger = batching.microbatchCount > count
        let simulator = PipelineSimulator(
            plan, costs: ScheduleCosts(plan, costs: costs, microbatchSizes: Array(sizes.prefix(count))), on: cluster,
            work: work)
        let (timeline, shorter) = try simulator.run(
            microbatchCount: count, shorter: [min(1, count)] + (isLonger ? [count / 2] : []), spanLimit: spanLimit)
        var makespan = timeline.makespan
        if isLonger {
            makespan += (makespan - shorter[1]) / Double(count - count / 2) * Double(batching.microbatchCount - count)
        }
        return (
            PlanPrediction.Outcome(
                ranks: plan.rankCount, makespan: makespan,
                itemsPerSecond: makespan > 0 ? Double(batching.itemCount) / makespan : 0, latency: shorter[0]),
            timeline
        )
    }
}
