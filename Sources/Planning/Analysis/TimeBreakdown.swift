/// What all of a job's time was spent on, on each rank: the parts of a rank add up to the whole.
public struct TimeBreakdown: Sendable, Codable, Hashable {
    /// Seconds of one rank.
    public struct Rank: Sendable, Codable, Hashable {
        public let rank: Int
        /// Reading weights and compiling, before the run and during it.
        public let load: Double
        public let compute: Double
        /// Communication that no computing hides.
        public let communication: Double
        /// Reading inputs and writing outputs.
        public let inputOutput: Double
        /// Idle since this rank has less to do than the busiest one, loading included.
        public let imbalance: Double
        /// Idle although it has as much to do: while the pipeline fills and drains, and while others wait for messages.
        public let bubble: Double

        public var total: Double { load + compute + communication + inputOutput + imbalance + bubble }
    }

    public let ranks: [Rank]
    /// From the beginning of loading to the end of the last rank, in seconds; the same for all ranks.
    public let total: Double

    /// - Parameter timeline: with its waits attributed.
    public init(_ timeline: Timeline) {
        let makespan = timeline.makespan
        let longestLoad = timeline.ranks.map { $0[.load] }.max() ?? 0
        total = longestLoad + makespan
        func busy(_ rank: Timeline.RankSummary) -> Double { rank[.compute] + rank[.inputOutput] + rank[.compile] }
        let busiest = timeline.ranks.map(busy).max() ?? 0
        ranks = timeline.ranks.map { rank in
            let communication = rank[.communicate] + rank[.transfer]
            let idle = max(0, makespan - busy(rank) - communication)
            let imbalance = min(idle, busiest - busy(rank))
            return Rank(
                rank: rank.rank, load: rank[.load] + rank[.compile], compute: rank[.compute],
                communication: communication, inputOutput: rank[.inputOutput],
                imbalance: imbalance + longestLoad - rank[.load], bubble: idle - imbalance)
        }
    }
}
