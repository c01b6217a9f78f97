/// Where the time of every rank went. The type of what was measured and, once simulated, of what was predicted.
public struct Timeline: Sendable, Codable, Hashable {
    /// What a stretch of time was spent on.
    public enum Activity: String, Sendable, Codable, Hashable, CaseIterable {
        /// Reading weights and compiling the stage.
        case load
        /// Reading inputs or writing outputs.
        case inputOutput
        case compute
        /// Waiting for a message: communication that no computing hides, or a peer that is not ready.
        case wait
        /// Inside MPI without waiting: posting and progressing messages.
        case communicate
    }

    /// Totals of one rank.
    public struct RankSummary: Sendable, Codable, Hashable {
        public let rank: Int
        public let stage: Int?
        /// Seconds by activity.
        public var seconds: [Activity: Double]
        /// From the common start of the run to this rank's end, in seconds, loading apart.
        public var elapsed: Double
        /// Highest resident memory of the process, in bytes.
        public var peakMemory: Int
        /// What the plan said it would need: weights, activations and scratch, message buffers, in bytes.
        public var plannedWeights: Int
        public var plannedActivations: Int
        public var plannedMessages: Int

        public init(rank: Int, stage: Int?) {
            self.rank = rank
            self.stage = stage
            seconds = [:]
            elapsed = 0
            peakMemory = 0
            plannedWeights = 0
            plannedActivations = 0
            plannedMessages = 0
        }

        public subscript(_ activity: Activity) -> Double { seconds[activity] ?? 0 }
        /// Time in no activity named above, in seconds.
        public var idle: Double {
            max(0, elapsed - self[.compute] - self[.inputOutput] - self[.communicate])
        }
    }

    public var ranks: [RankSummary]

    public init(ranks: [RankSummary]) { self.ranks = ranks }

    /// From the common start to the last rank's end, in seconds.
    public var makespan: Double { ranks.map(\.elapsed).max() ?? 0 }
}
