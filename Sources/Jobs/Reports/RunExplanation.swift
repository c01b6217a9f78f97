internal import Planning

/// Why a run took as long as it did, and what would make it faster.
public struct RunExplanation: Sendable, Codable, Hashable {
    /// One change and what it would bring, simulated with the times that were measured.
    public struct Advice: Sendable, Codable, Hashable {
        public let change: String
        /// Throughput relative to that of the run, minus 1.
        public let gain: Double
    }

    /// How the prediction compares with what was measured.
    public struct Check: Sendable, Codable, Hashable {
        public let predictedItemsPerSecond: Double
        public let predictedMakespan: Double
        /// Predicted over measured throughput, minus 1.
        public let error: Double
        /// Where most of the difference is; nil where there is little.
        public let place: String?
    }

    /// What limits the run.
    public let limit: String
    /// Seconds that no cut over these ranks can beat: all work shared out evenly, no message waited for.
    public let lowerBound: Double
    /// Nil where nothing simple helps.
    public let advice: Advice?
    /// Nil where the plan was made without measured times.
    public let check: Check?

    /// Differences between predicted and measured throughput that are worth reporting.
    static let noteworthyError = 0.1
    /// Gains below this are not worth a change.
    fileprivate static let noteworthyGain = 0.01
}

extension RunExplanation.Advice {
    /// - Parameters:
    ///   - measured: times of the layers as they follow from the run.
    ///   - replanned: the best plan by these.
    /// - Returns: nil where nothing simple helps.
    static func best(
        _ job: JobPreparation, _ simulation: PlanSimulation, measured: LayerCosts, replanned: PartitionPlan
    ) throws -> Self? {
        let plan = job.plan
        let count = plan.layeredStages.count
        func speed(_ plan: PartitionPlan) throws -> Double {
            try simulation.run(plan, costs: measured, on: job.cluster).outcome.itemsPerSecond
        }
        let now = try speed(plan)
        guard count > 1, now > 0 else { return nil }
        var best: Self?
        func consider(_ change: String, _ plan: PartitionPlan, atLeast least: Double) throws {
            let gain = try speed(plan) / now - 1
            if gain > max(RunExplanation.noteworthyGain, least) { best = Self(change: change, gain: gain) }
        }
        // Only what makes the slowest stage shorter can make the pipeline faster.
        let slowest = zip(plan.layeredStages, plan.layerRanges).max { left, right in
            func seconds(_ stage: PartitionPlan.Stage, _ layers: Range<Int>) -> Double {
                // Each team takes its share of the microbatches.
                measured.layers[layers].reduce(0, +)
                    / stage.teams.reduce(0) { $0 + 1 / measured.slowness(of: job.cluster.ranks[$1.lead]) }
            }
            return seconds(left.0, left.1) < seconds(right.0, right.1)
        }!.0.index
        for change in PlanChange.moves(of: plan, chain: job.chain, awayFrom: slowest) {
            try consider(change.description, job.plan(placement: change.placement), atLeast: best?.gain ?? 0)
        }
        for fewer in Set([count - 1, count / 2]) where plan.replicaCount == 1 {
            guard let plan = job.bestPlan(costs: measured, stageCount: fewer) else { continue }
            let ranks = "\(fewer) rank\(fewer == 1 ? "" : "s")"
            try consider(
                "use \(ranks) instead of \(count), with strategy 'optimal'", plan, atLeast: best?.gain ?? 0)
        }
        // More than one move away: worth saying where it brings clearly more.
        try consider(
            "plan anew from the times of this run (--replan)", replanned, atLeast: 2 * (best?.gain ?? 0))
        return best
    }
}

extension RunExplanation.Check {
    /// Nil where the plan was made without measured times, or nothing ran.
    init?(
        _ job: JobPreparation, _ prediction: (outcome: PlanPrediction.Outcome, timeline: Timeline),
        measured timeline: Timeline
    ) {
        guard job.costs.origin == .measured, timeline.makespan > 0, job.batching.itemCount > 0 else { return nil }
        let (outcome, predicted) = prediction
        predictedItemsPerSecond = outcome.itemsPerSecond
        predictedMakespan = outcome.makespan
        error = outcome.itemsPerSecond / (Double(job.batching.itemCount) / timeline.makespan) - 1
        place =
            abs(error) > RunExplanation.noteworthyError
            ? Self.largestDifference(timeline, predicted, factor: outcome.makespan / max(predicted.makespan, 1e-12))
            : nil
    }

    /// - Parameter factor: the whole job relative to the part of it that was simulated.
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

extension JobPreparation {
    /// Seconds that a full microbatch takes at least, however it is cut: all work shared out evenly, or the longest block
    /// on the fastest rank.
    func lowerBound(_ costs: LayerCosts) -> Double {
        let slowness = cluster.ranks.prefix(plan.rankCount).map(costs.slowness)
        let even = costs.layers.reduce(0, +) / slowness.reduce(0) { $0 + 1 / $1 }
        // Replicas take the microbatches in turn.
        let replicas = plan.layeredStages.map(\.teams.count).max() ?? 1
        return max(even, (chain.blockSums(of: costs.layers).max() ?? 0) * (slowness.min() ?? 1) / Double(replicas))
    }
}
