internal import Planning

/// How much is measured, so that it ends in time on slow networks and in large jobs.
struct ProbeBudget {
    /// How many pairs of ranks are measured within nodes, and across nodes.
    let withinLimit: Int
    let acrossLimit: Int
    /// Pairs of each class on which handling is measured.
    let handlingLimit: Int
    /// Seconds for all pairs together, without the least time that each pair needs.
    let pairSeconds: Double
    /// A size is left out where one message of it would take longer, in seconds; the first two large sizes never are.
    let messageSeconds: Double
    let largestByteCount: Int
    let leastRounds: Int
    /// Seconds for a size whose rounds differ.
    let patience: Double
    /// Rounds in which a transfer is measured during computing.
    let handlingRounds: Int
    let collectiveSeconds: Double
    /// How often messages are relayed from node to node, and how many each time: groups of as many as are under way.
    let relayRounds: Int
    let relayCount: Int
    /// Seconds after which further pairs are left out, once each node is covered.
    let surveySeconds: Double

    init(_ effort: ClusterProbe.Effort) {
        switch effort {
        case .brief:
            (withinLimit, acrossLimit, handlingLimit) = (4, 10, 1)
            (pairSeconds, messageSeconds, largestByteCount) = (0.3, 0.05, 1 << 21)
            (leastRounds, handlingRounds, collectiveSeconds) = (3, 5, 0.1)
            (patience, surveySeconds) = (0.06, 5)
            (relayRounds, relayCount) = (2, 8)
        case .thorough:
            (withinLimit, acrossLimit, handlingLimit) = (16, 66, 3)
            (pairSeconds, messageSeconds, largestByteCount) = (5, 0.4, 1 << 23)
            (leastRounds, handlingRounds, collectiveSeconds) = (3, 7, 1)
            (patience, surveySeconds) = (0.4, 30)
            (relayRounds, relayCount) = (3, 12)
        }
    }

    /// Whether a size of message needs further rounds: until its time is up and the fastest round is not a single
    /// outlier; that takes long on a machine that does other work at the same time.
    func goesOn(rounds: [Double], elapsed: Double, sizeSeconds: Double) -> Bool {
        guard rounds.count < ProbeBudget.mostRounds, elapsed < max(patience, sizeSeconds) else { return false }
        return elapsed < sizeSeconds || !MessageTime.isSettled(rounds)
    }

    private static let mostRounds = 1000

    /// In the order in which they are measured: the small ones, and from the first one above the eager limit four times
    /// as many bytes each.
    static let smallByteCounts = [8, 512, 4096, 32768]
    static let largeByteCounts = (0...3).map { 1 << (17 + 2 * $0) }
}
