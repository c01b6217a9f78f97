internal import Planning

/// Why a run took as long as it did, and what would make it faster.
public struct RunExplanation: Sendable, Codable, Hashable {
    /// One change and what it would bring, simulated with the times that were measured.
    public struct Advice: Sendable, Codable, Hashable {
        public let change: String
        /// Throughput beside that of the run, less 1.
        public let gain: Double
    }

    /// How the prediction compares with what was measured.
    public struct Check: Sendable, Codable, Hashable {
        public let predictedItemsPerSecond: Double
        public let predictedMakespan: Double
        /// Predicted over measured throughput, less 1.
        public let error: Double
        /// Where most of the difference is; nil where there is little.
        public let place: String?
    }

    /// What limits the run.
    public let limit: String
    /// Seconds below which no cut over these ranks can come: all work shared out evenly, no message waited for.
    public let lowerBound: Double
    /// Nil where nothing simple helps.
    public let advice: Advice?
    /// Nil where the plan was made without measured times.
    public let check: Check?

    /// Differences between predicted and measured throughput that are worth a word.
    static let noteworthyError = 0.1
    /// Gains below this are not worth a change.
    private static let noteworthyGain = 0.01

    /// - Parameters:
    ///   - measured: times of the layers as they follow from the run.
    ///   - replanned: the best plan by these.
    init(
        _ job: JobPreparation, measured: LayerCosts, replanned: PartitionPlan, timeline: Timeline,
        breakdown: TimeBreakdown
    ) throws {
        let plan = job.plan
        limit = RunLimit(breakdown, plan: plan).description
        let microbatches = Double(max(1, job.batching.microbatchCount))
        let speed = job.cluster.ranks.prefix(plan.stages.count).reduce(0) { $0 + 1 / measured.slowness(of: $1) }
        let work = measured.layers.reduce(0, +)
        let fastest = job.cluster.ranks.prefix(plan.stages.count).map(measured.slowness).min() ?? 1
        lowerBound =
            microbatches * max(work / speed, (job.chain.blockTimes(measured).max() ?? 0) * fastest)
        advice = try RunExplanation.advice(job, measured, replanned: replanned)
        check = try RunExplanation.check(job, timeline: timeline)
    }

    private static func advice(
        _ job: JobPreparation, _ measured: LayerCosts, replanned: PartitionPlan
    ) throws -> Advice? {
        let simulation = PlanSimulation(job.batching)
        let now = try simulation.run(job.plan, costs: measured, on: job.cluster).outcome.itemsPerSecond
        guard now > 0 else { return nil }
        var best: Advice?
        func consider(_ change: String, _ plan: PartitionPlan) throws {
            let gain = try simulation.run(plan, costs: measured, on: job.cluster).outcome.itemsPerSecond / now - 1
            if gain > max(noteworthyGain, best?.gain ?? 0) { best = Advice(change: change, gain: gain) }
        }
        // For hundreds of ranks a look around the busiest stages would do; a few dozen cuts are tried all.
        for change in PlanChange.moves(of: job.plan, chain: job.chain).prefix(64) {
            try consider(change.description, job.plan(placement: change.placement))
        }
        for count in Set([job.plan.stages.count - 1, job.plan.stages.count / 2]) where count >= 1 {
            guard let plan = job.bestPlan(costs: measured, stageCount: count) else { continue }
            let ranks = "\(count) rank\(count == 1 ? "" : "s")"
            try consider("use \(ranks) instead of \(job.plan.stages.count), with strategy 'optimal'", plan)
        }
        // More than one move away: worth saying where it brings clearly more.
        if replanned.stages.count > 1 {
            let single = best?.gain ?? 0
            let gain =
                try simulation.run(replanned, costs: measured, on: job.cluster).outcome.itemsPerSecond / now - 1
            if gain > max(2 * single, noteworthyGain) {
                best = Advice(change: "plan anew from the times of this run (--replan)", gain: gain)
            }
        }
        return best
    }

    private static func check(_ job: JobPreparation, timeline: Timeline) throws -> Check? {
        guard job.costs.origin == .measured, timeline.makespan > 0 else { return nil }
        let (outcome, predicted) = try PlanSimulation(job.batching).run(job.plan, costs: job.costs, on: job.cluster)
        let measured = Double(job.batching.itemCount) / timeline.makespan
        let error = measured > 0 ? outcome.itemsPerSecond / measured - 1 : 0
        var place: String?
        if abs(error) > noteworthyError {
            place = largestDifference(timeline, predicted, factor: outcome.makespan / max(predicted.makespan, 1e-12))
        }
        return Check(
            predictedItemsPerSecond: outcome.itemsPerSecond, predictedMakespan: outcome.makespan, error: error,
            place: place)
    }

    /// - Parameter factor: the whole job beside the part of it that was simulated.
    private static func largestDifference(_ measured: Timeline, _ predicted: Timeline, factor: Double) -> String? {
        var largest = (difference: 0.0, text: String?.none)
        for (real, expected) in zip(measured.ranks, predicted.ranks) {
            let parts: [(String, [Timeline.Activity])] = [
                ("computes", [.compute]), ("waits for messages", [.transfer, .communicate]),
                ("reads and writes files", [.inputOutput]),
            ]
            for (name, activities) in parts {
                let seconds = activities.reduce(0) { $0 + real[$1] }
                let foreseen = activities.reduce(0) { $0 + expected[$1] } * factor
                guard abs(seconds - foreseen) > largest.difference else { continue }
                largest = (
                    abs(seconds - foreseen),
                    "rank \(real.rank) \(name) for \(Quantity.seconds(seconds)), and "
                        + "\(Quantity.seconds(foreseen)) were predicted"
                )
            }
        }
        return largest.text
    }
}

extension LayerChain {
    /// Seconds of each block.
    fileprivate func blockTimes(_ costs: LayerCosts) -> [Double] {
        let starts = blockStarts
        return zip(starts, starts.dropFirst() + [layers.count]).map { costs.layers[$0..<$1].reduce(0, +) }
    }
}
