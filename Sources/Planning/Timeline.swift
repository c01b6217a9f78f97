/// Where the time of every rank went. The type of what was measured and, once simulated, of what was predicted.
public struct Timeline: Sendable, Codable, Hashable {
    /// What a stretch of time was spent on.
    public enum Activity: String, Sendable, Codable, Hashable, CaseIterable {
        /// Reading weights and compiling the stage.
        case load
        /// Compiling the stage for shapes that first occurred while it ran.
        case compile
        /// Reading inputs or writing outputs.
        case inputOutput
        case compute
        /// Waiting for a message that is not under way yet, or for a receiver to take one: pipeline bubble, imbalance.
        case wait
        /// Waiting for a message that is under way: communication that no computing hides.
        case transfer
        /// Posting messages and making them progress between kernels.
        case communicate
    }

    /// Totals of one rank.
    public struct RankSummary: Sendable, Codable, Hashable {
        public let rank: Int
        /// What it computes, by index in the plan.
        public let stages: [Int]
        /// Seconds by activity.
        public var seconds: [Activity: Double]
        /// From the common start of the run to this rank's end, in seconds, loading apart.
        public var elapsed: Double
        /// Highest resident memory of the process, in bytes.
        public var peakMemory: Int
        /// What the plan said it would need: weights, activations and scratch, message buffers, in bytes.
        public var plannedWeights: Int
        /// Of the weights, those that replicas on the same node hold in the same memory.
        public var sharedWeights = 0
        public var plannedActivations: Int
        public var plannedMessages: Int

        public init(rank: Int, stages: [Int]) {
            self.rank = rank
            self.stages = stages
            seconds = [:]
            elapsed = 0
            peakMemory = 0
            plannedWeights = 0
            plannedActivations = 0
            plannedMessages = 0
        }

        public subscript(_ activity: Activity) -> Double { seconds[activity] ?? 0 }

        /// When this rank began to run its schedule, in seconds from the common start.
        public var start = 0.0
        /// What it did when, in order, as far as it was kept.
        public var spans: [Span] = []
        /// Memory in use over time, as far as it was kept.
        public var memory: [MemorySample] = []

        /// When messages were begun here, and when this rank waited for one to come. What the time waited was
        /// spent on follows from both sides (`Timeline.attributeWaits`).
        public var sends: [MessageEvent] = []
        public var waits: [MessageEvent] = []
        /// The part of `wait` that was spent on messages to come, in seconds, with the events that were not kept. The
        /// rest was spent on receivers.
        public var receiveWait = 0.0
    }

    /// Something that happened to the message of one edge and microbatch, in seconds on the clock of rank 0.
    public struct MessageEvent: Sendable, Codable, Hashable {
        public let edge: Int
        public let microbatch: Int
        public let start: Double
        public let end: Double

        public init(edge: Int, microbatch: Int, start: Double, end: Double) {
            self.edge = edge
            self.microbatch = microbatch
            self.start = start
            self.end = end
        }
    }

    /// A stretch of time that a rank spent on one thing, in seconds from the common start.
    public struct Span: Sendable, Codable, Hashable {
        public let activity: Activity
        public let microbatch: Int
        public var start: Double
        public var end: Double

        public init(_ activity: Activity, microbatch: Int, start: Double, end: Double) {
            self.activity = activity
            self.microbatch = microbatch
            self.start = start
            self.end = end
        }
    }

    /// Resident memory of a rank's process at a time, in bytes and in seconds from the common start.
    public struct MemorySample: Sendable, Codable, Hashable {
        public var time: Double
        public let byteCount: Int

        public init(time: Double, byteCount: Int) {
            self.time = time
            self.byteCount = byteCount
        }
    }

    public var ranks: [RankSummary]

    public init(ranks: [RankSummary]) { self.ranks = ranks }

    /// From the common start to the last rank's end, in seconds.
    public var makespan: Double { ranks.map(\.elapsed).max() ?? 0 }

    /// Moves all clocks so that the first rank begins at 0.
    public mutating func beginAtZero() {
        let first = ranks.map(\.start).min() ?? 0
        for index in ranks.indices { ranks[index].shift(by: -first) }
    }
}

extension Timeline.RankSummary {
    /// Moves everything that has a time.
    public mutating func shift(by offset: Double) {
        start += offset
        for index in spans.indices {
            spans[index].start += offset
            spans[index].end += offset
        }
        for index in memory.indices { memory[index].time += offset }
        sends = sends.map { $0.shifted(by: offset) }
        waits = waits.map { $0.shifted(by: offset) }
    }
}

extension Timeline.MessageEvent {
    fileprivate func shifted(by offset: Double) -> Timeline.MessageEvent {
        Timeline.MessageEvent(edge: edge, microbatch: microbatch, start: start + offset, end: end + offset)
    }
}
