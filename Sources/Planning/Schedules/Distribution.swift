/// How microbatches are distributed over the lanes of a plan with replicas.
///
/// All but the last two are decided before the run. What is decided while the job runs is predicted by the same rule with
/// predicted times (`LaneSharing`), so that it is simulated, drawn and compared like the others.
public enum Distribution: Sendable, Codable, Hashable {
    /// One after another, in turn: round-robin.
    case cyclic
    /// The first lane takes the first ones, the next lane those that follow, the same number for each.
    case block
    /// Drawn with a seed, the same number for each lane.
    case random(seed: UInt64)
    /// Microbatches of equal shapes go to one lane, as far as the lanes stay equally busy.
    case byShape
    /// Each lane takes microbatches of similar size, and the lanes stay equally busy.
    case bySize
    /// One after another, to each lane in proportion to its speed.
    case weighted
    /// The most expensive first, each to the lane that finishes it first: longest processing time first.
    case longestFirst
    /// A lane that has nothing to do takes the next chunk.
    case dynamic(Chunking)
    /// Rank 0 gives each microbatch to the lane that it expects to finish it first.
    case leastLoaded

    /// Whether lanes are chosen while the job runs.
    public var isDecidedInTheRun: Bool {
        switch self {
        case .dynamic, .leastLoaded: true
        default: false
        }
    }

    /// As tables and job specifications call it.
    public var name: String {
        switch self {
        case .cyclic: "cyclic"
        case .block: "block"
        case .random: "random"
        case .byShape: "by-shape"
        case .bySize: "by-size"
        case .weighted: "weighted"
        case .longestFirst: "longest-first"
        case .dynamic: "dynamic"
        case .leastLoaded: "least-loaded"
        }
    }

    /// Whether it uses what microbatches cost and how fast lanes are.
    public var usesCosts: Bool {
        switch self {
        case .cyclic, .block, .random: false
        default: true
        }
    }
}

/// How many microbatches a lane takes at once.
public enum Chunking: Sendable, Codable, Hashable {
    /// Always the same number.
    case fixed(Int)
    /// The remaining ones divided by the number of lanes: long chunks first, single microbatches at the end. Guided
    /// self-scheduling (Polychronopoulos and Kuck, 1987).
    case guided
    /// Rounds of one chunk for each lane, and in each round half of the remaining ones. Factoring (Hummel, Schonberg and
    /// Flynn, 1992).
    case factoring

    /// The chunks, in the order in which they are taken: places in the order of the microbatches.
    public func chunks(microbatchCount: Int, laneCount: Int) -> [Range<Int>] {
        var chunks: [Range<Int>] = []
        var start = 0
        while start < microbatchCount {
            let left = microbatchCount - start
            switch self {
            case .fixed(let size):
                chunks.append(start..<min(microbatchCount, start + max(1, size)))
            case .guided:
                chunks.append(start..<start + (left + laneCount - 1) / laneCount)
            case .factoring:
                let size = max(1, (left + 2 * laneCount - 1) / (2 * laneCount))
                for _ in 0..<laneCount where (chunks.last?.upperBound ?? 0) < microbatchCount {
                    let first = chunks.last?.upperBound ?? 0
                    chunks.append(first..<min(microbatchCount, first + size))
                }
            }
            start = chunks.last!.upperBound
        }
        return chunks
    }
}
