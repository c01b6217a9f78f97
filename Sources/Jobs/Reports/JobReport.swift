internal import Graphs
internal import Planning

/// What a finished job was and did: for the user as text, for programs as JSON.
public struct JobReport: Sendable, Codable {
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
        /// Seconds in which the rank had nothing to do.
        public let idle: Double
        /// Seconds to read weights and compile the stage.
        public let load: Double
        /// Bytes.
        public let peakMemory: Int
        public let weights: Int
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

    init(_ assignment: JobAssignment, ranks reports: [RankReport]) {
        model = assignment.modelPath
        strategy = assignment.plan.strategy
        items = assignment.batching.itemCount
        microbatch = assignment.batching.microbatchSize
        microbatches = assignment.batching.microbatchCount
        var timeline = Timeline(ranks: reports.map(\.summary))
        timeline.attributeWaits()
        let makespan = timeline.makespan
        seconds = makespan
        itemsPerSecond = makespan > 0 ? Double(items) / makespan : 0
        ranks = reports.enumerated().map { rank, report in
            let stage = assignment.plan.stages[rank]
            let summary = timeline.ranks[rank]
            // Ranks that end early have nothing to do until the last one ends.
            let busy: [Timeline.Activity] = [.compute, .inputOutput, .communicate, .transfer, .compile]
            let idle = makespan - busy.reduce(0) { $0 + summary[$1] }
            return Rank(
                rank: rank, host: report.host, stage: stage.index, firstLayer: stage.layerNames.first ?? "",
                lastLayer: stage.layerNames.last ?? "", layerCount: stage.layerNames.count,
                threads: report.threads.threadCount, compute: summary[.compute],
                communication: summary[.communicate] + summary[.transfer], inputOutput: summary[.inputOutput],
                idle: max(0, idle), load: summary[.load] + summary[.compile], peakMemory: summary.peakMemory,
                weights: summary.plannedWeights, activations: summary.plannedActivations,
                messages: summary.plannedMessages)
        }
        result = reports.lazy.compactMap(\.result).first ?? JobResult()
    }
}
