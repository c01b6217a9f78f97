/// What messages of one size took between two ranks.
public struct MessageTime: Sendable, Codable, Hashable {
    public let byteCount: Int
    /// From one rank to the other, in seconds; half of the way there and back. The median.
    public let seconds: Double
    /// The fastest.
    public let fastest: Double
    /// Ways there and back that were measured.
    public let rounds: Int

    public init(byteCount: Int, seconds: Double, fastest: Double, rounds: Int) {
        self.byteCount = byteCount
        self.seconds = seconds
        self.fastest = fastest
        self.rounds = rounds
    }

    /// Of the times of several rounds.
    /// - Precondition: there is one.
    public init(byteCount: Int, rounds times: [Double]) {
        self.init(
            byteCount: byteCount, seconds: Statistics.median(times), fastest: times.min()!, rounds: times.count)
    }

    /// What two measurements tell together, size by size: the better of both, where both have the size.
    public static func merged(_ one: [MessageTime], _ other: [MessageTime]) -> [MessageTime] {
        one.map { time in
            guard let again = other.first(where: { $0.byteCount == time.byteCount }) else { return time }
            return MessageTime(
                byteCount: time.byteCount, seconds: min(time.seconds, again.seconds),
                fastest: min(time.fastest, again.fastest), rounds: time.rounds + again.rounds)
        } + other.filter { again in !one.contains { $0.byteCount == again.byteCount } }
    }

    /// Whether the fastest of some rounds was no accident: others came close to it.
    public static func isSettled(_ rounds: [Double]) -> Bool {
        guard let fastest = rounds.min() else { return false }
        return rounds.count { $0 <= fastest * 1.1 } >= settledCount
    }

    private static let settledCount = 3
}
