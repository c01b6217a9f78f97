/// How urgent an item is.
public struct Urgency: Sendable, Codable, Hashable, Comparable {
    /// Items of a higher priority are begun before all others.
    public var priority: Int
    /// Seconds from the beginning of the run to when the item's outputs should be complete; nil where it does not
    /// matter. Of equal priorities the earliest deadline comes first.
    public var deadline: Double?

    public init(priority: Int = 0, deadline: Double? = nil) {
        self.priority = priority
        self.deadline = deadline
    }

    /// Whether one comes before the other.
    public static func < (left: Urgency, right: Urgency) -> Bool {
        left.priority != right.priority
            ? left.priority > right.priority : left.deadline ?? .infinity < right.deadline ?? .infinity
    }

    /// The urgency of something that several items wait for.
    public func joined(_ other: Urgency) -> Urgency {
        let deadline = min(self.deadline ?? .infinity, other.deadline ?? .infinity)
        return Urgency(priority: max(priority, other.priority), deadline: deadline < .infinity ? deadline : nil)
    }
}
