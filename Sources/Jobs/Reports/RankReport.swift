public import Planning

/// What a rank tells rank 0 when the job is done.
public struct RankReport: Sendable, Codable {
    public let summary: Timeline.RankSummary
    public let threads: ThreadAllocation
    public let host: String
    /// On the rank that has the model's outputs.
    public let result: JobResult?
}

/// What came out of a job, as far as a summary needs it.
public struct JobResult: Sendable, Codable, Hashable {
    /// The best class of an item.
    public struct Prediction: Sendable, Codable, Hashable {
        public let item: String
        public let predicted: String
        /// The right answer, where the job has labels.
        public let label: String?
    }

    /// Of the first items.
    public var predictions: [Prediction] = []
    /// Items with a label.
    public var labelled = 0
    /// Of those, how many the model got right.
    public var correct = 0
    /// Files written, by path.
    public var files: [String] = []
    /// Nil where no item has a deadline.
    public var deadlines: DeadlineResult?

    /// Share of the labelled items that are right; nil without labels.
    public var accuracy: Double? { labelled > 0 ? Double(correct) / Double(labelled) : nil }
}
