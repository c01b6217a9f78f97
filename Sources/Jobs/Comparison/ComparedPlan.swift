internal import Planning

/// A plan that is measured round by round.
struct ComparedPlan {
    var strategies: [String]
    let plan: PartitionPlan
    /// Of the microbatch size that the plan is for.
    let job: Int
    private(set) var rounds: [Round] = []

    /// What one run of it came to.
    struct Round {
        let timeline: Timeline
        let itemsPerSecond: Double
        let latency: Double
        let idle: Double
        let exposedCommunication: Double
        let peakMemory: Int
    }

    init(strategy: String, plan: PartitionPlan, job: Int) {
        strategies = [strategy]
        self.plan = plan
        self.job = job
    }

    mutating func add(_ reports: [RankReport], itemCount: Int) {
        let timeline = RankReport.timeline(of: reports)
        let breakdown = TimeBreakdown(timeline)
        let makespan = timeline.makespan
        func share(_ seconds: (TimeBreakdown.Rank) -> Double) -> Double {
            guard makespan > 0 else { return 0 }
            return breakdown.ranks.reduce(0) { $0 + seconds($1) } / Double(breakdown.ranks.count) / makespan
        }
        let busy = share { $0.compute + $0.inputOutput + $0.communication }
        // The first microbatch has left the pipeline when the last stage that writes any of it is done.
        let writers = Set(plan.outputs.flatMap { plan.stages[$0.stage].ranks })
        rounds.append(
            Round(
                timeline: timeline, itemsPerSecond: makespan > 0 ? Double(itemCount) / makespan : 0,
                latency: timeline.ranks.lazy.filter { writers.contains($0.rank) }.flatMap(\.spans).filter {
                    $0.microbatch == 0
                }.map(\.end).max() ?? 0,
                idle: max(0, 1 - busy), exposedCommunication: share(\.communication),
                peakMemory: timeline.ranks.lazy.flatMap(\.memory).map(\.byteCount).max() ?? 0))
    }

    var itemsPerSecond: Double { Statistics.median(rounds.map(\.itemsPerSecond)) }

    /// - Parameters:
    ///   - best: the fastest of the plans; nil where this is it.
    ///   - layers: what the prediction was made from.
    func entry(
        predicted: (outcome: PlanPrediction.Outcome, timeline: Timeline), best: ComparedPlan?, layers: LayerFigures
    ) -> ComparisonReport.Entry {
        let speeds = rounds.map(\.itemsPerSecond)
        let median = Statistics.median(speeds)
        let ratio = best.flatMap { best in
            Statistics.interval(ofRatios: zip(speeds, best.rounds).map { $0 / $1.itemsPerSecond })
        }
        let middle = rounds.min { abs($0.itemsPerSecond - median) < abs($1.itemsPerSecond - median) }!
        return ComparisonReport.Entry(
            strategies: strategies, ranks: plan.rankCount, microbatch: plan.microbatchSize,
            stages: plan.layeredStages.map {
                ComparisonReport.Stage(
                    ranks: $0.ranks, firstLayer: $0.layerNames.first ?? "", lastLayer: $0.layerNames.last ?? "",
                    layerCount: $0.layerNames.count)
            },
            predicted: predicted.outcome, rounds: speeds, itemsPerSecond: median,
            latency: Statistics.median(rounds.map(\.latency)), idle: Statistics.median(rounds.map(\.idle)),
            exposedCommunication: Statistics.median(rounds.map(\.exposedCommunication)),
            peakMemory: rounds.map(\.peakMemory).max() ?? 0,
            predictionError: median > 0 ? predicted.outcome.itemsPerSecond / median - 1 : 0,
            ratioToBest: ratio.map(ComparisonReport.Interval.init), measuredTimeline: middle.timeline,
            predictedTimeline: predicted.timeline, plan: plan, layers: layers)
    }
}
