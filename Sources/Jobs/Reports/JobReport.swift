internal import Graphs
public import Planning

/// What a finished job was and did: for the user as text, for programs as JSON.
public struct JobReport: Sendable, Encodable {
    public struct Rank: Sendable, Codable {
        public let rank: Int
        public let host: String
        public let stage: Int
        public let firstLayer: String
        public let lastLayer: String
        public let layerCount: Int
        public let threads: Int
        /// Seconds.
        public let compute: Double
        /// Seconds inside MPI or waiting for a message while nothing is computed.
        public let communication: Double
        /// Seconds of input and output.
        public let inputOutput: Double
        /// Seconds in which the rank had nothing to do; `breakdown` says why.
        public let idle: Double
        /// Seconds to read weights and compile the stage.
        public let load: Double
        /// Bytes.
        public let peakMemory: Int
        public let weights: Int
        /// Of the weights, those that replicas on the same node hold in the same memory.
        public let sharedWeights: Int
        public let activations: Int
        public let messages: Int
    }

    public let model: String
    public let strategy: String
    public let items: Int
    public let microbatch: Int
    public let microbatches: Int
    /// From the common start to the end of the last rank, loading apart, in seconds.
    public let seconds: Double
    public let itemsPerSecond: Double
    public let ranks: [Rank]
    public let result: JobResult

    /// Where the time of each rank went, loading included; adds up to the same for all of them.
    public let breakdown: TimeBreakdown
    public let explanation: RunExplanation
    /// What each rank did when. For charts; no part of the report as JSON.
    public let timeline: Timeline
    /// What was predicted that they would do.
    public let predicted: Timeline
    public let plan: PartitionPlan
    /// What the plan was made from.
    public let layers: LayerFigures
    /// The best plan for these ranks by the times that the run took.
    public let replanned: PartitionPlan

    private static let predictedSpanLimit = 1 << 12

    private enum CodingKeys: String, CodingKey {
        case model, strategy, items, microbatch, microbatches, seconds, itemsPerSecond, ranks, result, breakdown
        case explanation
    }

    init(_ job: JobPreparation, ranks reports: [RankReport]) throws {
        let plan = job.plan
        model = job.model.path
        strategy = plan.strategy
        items = job.batching.itemCount
        microbatch = job.batching.microbatchSize
        microbatches = job.batching.microbatchCount
        let timeline = RankReport.timeline(of: reports)
        self.timeline = timeline
        let makespan = timeline.makespan
        seconds = makespan
        itemsPerSecond = makespan > 0 ? Double(items) / makespan : 0
        let breakdown = TimeBreakdown(timeline)
        self.breakdown = breakdown
        let simulation = PlanSimulation(job.batching)
        let seconds = timeline.ranks.map { $0[.compute] / simulation.fullMicrobatchCount }
        let measured = job.costs.fitted(to: seconds, of: plan, on: job.cluster)
        // Where nothing fits better, what has run.
        replanned =
            plan.replicaCount.flatMap {
                job.bestPlan(costs: measured, stageCount: plan.layeredStages.count, replicas: $0)
            } ?? plan
        let prediction = try simulation.run(
            plan, costs: job.costs, on: job.cluster, spanLimit: JobReport.predictedSpanLimit)
        predicted = prediction.timeline
        explanation = RunExplanation(
            limit: RunLimit(breakdown, plan: plan).description,
            lowerBound: job.lowerBound(measured) * simulation.fullMicrobatchCount,
            advice: try .best(job, simulation, measured: measured, replanned: replanned),
            check: .init(job, prediction, measured: timeline))
        self.plan = plan
        layers = LayerFigures(job.chain, costs: job.costs)
        ranks = reports.enumerated().map { rank, report in
            let stage = plan.stages[plan.stages(ofRank: rank)[0]]
            let summary = timeline.ranks[rank]
            // Ranks that end early have nothing to do until the last one ends.
            let busy: [Timeline.Activity] = [.compute, .inputOutput, .communicate, .transfer, .compile]
            let idle = max(0, makespan - busy.reduce(0) { $0 + summary[$1] })
            return Rank(
                rank: rank, host: report.host, stage: stage.index, firstLayer: stage.layerNames.first ?? "",
                lastLayer: stage.layerNames.last ?? "", layerCount: stage.layerNames.count,
                threads: report.threads.threadCount, compute: summary[.compute],
                communication: summary[.communicate] + summary[.transfer], inputOutput: summary[.inputOutput],
                idle: idle, load: summary[.load] + summary[.compile], peakMemory: summary.peakMemory,
                weights: summary.plannedWeights, sharedWeights: summary.sharedWeights,
                activations: summary.plannedActivations,
                messages: summary.plannedMessages)
        }
        result = reports.lazy.compactMap(\.result).first ?? JobResult()
    }
}

extension RankReport {
    /// What all ranks did, on one clock that begins with the run.
    static func timeline(of reports: [RankReport]) -> Timeline {
        var timeline = Timeline(ranks: reports.map(\.summary))
        timeline.attributeWaits()
        timeline.beginAtZero()
        return timeline
    }
}
