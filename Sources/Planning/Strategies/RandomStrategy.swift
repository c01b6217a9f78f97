/// Cuts drawn at random, each set of cuts as likely as any other: the baseline that papers compare with.
public struct RandomStrategy: PartitionStrategy {
    public static let name = "random"

    /// The same seed cuts the same model in the same way, on every machine.
    public let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    public func placement(for problem: PartitionProblem) -> Placement {
        let starts = problem.chain.blockStarts
        var random = SplitMix64(state: seed)
        // Floyd's sampling: so many of 1..<count without repetition, each set as likely as any other (CACM 30(9), 1987).
        var chosen: Set<Int> = []
        for limit in starts.count - problem.stageCount + 1..<starts.count {
            let candidate = 1 + Int(random.next(upperBound: UInt64(limit)))
            chosen.insert(chosen.contains(candidate) ? limit : candidate)
        }
        return Placement(boundaries: [0] + chosen.sorted().map { starts[$0] })
    }
}

/// Steele, Lea and Flood's generator (OOPSLA 2014): small, and the same everywhere, which the system's is not.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
