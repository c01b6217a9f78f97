public import Planning

/// Ways to cut one model, predicted and measured in turn in the same allocation.
public struct ComparisonReport: Sendable, Codable {
    /// One plan: what it was predicted to do and what it did.
    public struct Entry: Sendable, Codable {
        /// Strategies that made this plan; several where they agree.
        public let strategies: [String]
        public let ranks: Int
        public let microbatch: Int
        /// First and last layer of each stage, and how many there are.
        public let stages: [Stage]
        public let predicted: PlanPrediction.Outcome
        /// Items per second, by round.
        public let rounds: [Double]
        /// The median of these.
        public let itemsPerSecond: Double
        /// Of the first microbatch, in seconds; median over the rounds.
        public let latency: Double
        /// Share of the ranks' time in which they have nothing to do; medians over the rounds.
        public let idle: Double
        /// Share of the ranks' time spent on communication that no computing hides.
        public let exposedCommunication: Double
        /// Highest resident memory of any rank, in bytes.
        public let peakMemory: Int
        /// Predicted throughput over the measured, less 1.
        public let predictionError: Double
        /// Throughput relative to the best entry's, paired by round: 95 % confidence. Nil for the best itself.
        public let ratioToBest: Interval?

        /// Whether the rounds do not show which is faster, this one or the best.
        public var isTiedWithBest: Bool { ratioToBest.map { $0.high >= 1 } ?? true }

        /// In the words of tables: strategy, ranks, microbatch.
        public var name: String {
            "\(strategies.joined(separator: ", ")), \(ranks) rank\(ranks == 1 ? "" : "s"), microbatch \(microbatch)"
        }

        // For charts; no part of the report as JSON.
        /// What the ranks did in the round in the middle.
        public var measuredTimeline: Timeline? = nil
        public var predictedTimeline: Timeline? = nil
        public var plan: PartitionPlan? = nil
        /// Measured between the rounds.
        public var layers: LayerFigures? = nil

        private enum CodingKeys: String, CodingKey {
            case strategies, ranks, microbatch, stages, predicted, rounds, itemsPerSecond, latency, idle
            case exposedCommunication, peakMemory, predictionError, ratioToBest
        }
    }

    public struct Stage: Sendable, Codable, Hashable {
        public let ranks: [Int]
        public let firstLayer: String
        public let lastLayer: String
        public let layerCount: Int
    }

    public struct Interval: Sendable, Codable, Hashable {
        public let low: Double
        public let high: Double

        public init(_ range: ClosedRange<Double>) {
            low = range.lowerBound
            high = range.upperBound
        }
    }

    public let model: String
    public let items: Int
    public let rounds: Int
    public let threads: Int
    /// Names of the nodes that took part.
    public let hosts: [String]
    /// The fastest first.
    public let entries: [Entry]
    /// What could not be compared, and why.
    public let leftOut: [String]
}
