/// How microbatches are shared out over the lanes of a plan with replicas, before the run.
public enum Distribution: Sendable, Codable, Hashable {
    /// One after another, in turn.
    case cyclic
    /// The first lane takes the first ones, the next lane those that follow, as many each.
    case block
    /// Drawn with a seed, as many for each lane.
    case random(seed: UInt64)

    /// By microbatch: its lane.
    func lanes(microbatchCount: Int, laneCount: Int) -> [Int32] {
        switch self {
        case .cyclic: return (0..<microbatchCount).map { Int32($0 % laneCount) }
        case .block:
            return (0..<microbatchCount).map { Int32($0 * laneCount / max(1, microbatchCount)) }
        case .random(let seed):
            var lanes = (0..<microbatchCount).map { Int32($0 % laneCount) }
            var draws = SplitMix64(state: seed)
            lanes.shuffle(using: &draws)
            return lanes
        }
    }
}
