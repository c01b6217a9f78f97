internal import MPI
internal import Planning

/// Records which items are finished after their deadlines.
struct DeadlineWatch {
    private let urgencies: [Urgency]
    private let itemNames: ItemNames
    private var start = MPISession.wallClock
    private(set) var result: DeadlineResult

    /// Nil where no item has a deadline.
    init?(_ batching: InputBatching, itemNames: ItemNames) {
        let count = batching.urgencies.count { $0.deadline != nil }
        guard count > 0 else { return nil }
        urgencies = batching.urgencies
        self.itemNames = itemNames
        result = DeadlineResult(count: count)
    }

    /// The run begins now.
    mutating func begin() { start = MPISession.wallClock }

    /// The outputs of these items are complete now.
    mutating func finish(_ items: [Int]) {
        let now = MPISession.wallClock - start
        for item in items {
            guard let deadline = urgencies[item].deadline, now > deadline else { continue }
            result.missedCount += 1
            guard result.missed.count < DeadlineResult.listed else { continue }
            result.missed.append(.init(item: itemNames[item] ?? String(item), deadline: deadline, finished: now))
        }
    }
}

/// Which deadlines of a job were met.
public struct DeadlineResult: Sendable, Codable, Hashable {
    /// An item that was finished too late; seconds from the beginning of the run.
    public struct Miss: Sendable, Codable, Hashable {
        public let item: String
        public let deadline: Double
        public let finished: Double
    }

    /// Items with a deadline.
    public let count: Int
    public var missedCount = 0
    /// In the order in which they were finished; the first ones.
    public var missed: [Miss] = []

    /// How many misses are recorded individually.
    static let listed = 1000
}
