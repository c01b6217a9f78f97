/// Cuts drawn at random, each set of cuts as likely as any other: the baseline that papers compare with.
public struct RandomStrategy: PartitionStrategy {
    public static let name = "random"

    /// The same seed cuts the same model in the same way, on every machine.
    public let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    public func placement(for problem: PartitionProblem) -> Placement {
        let starts = problem.chain.blockStarts
        var random = SplitMix64(state: seed)
        // Floyd's sampling: this many of 1..<count without repetition, each set as likely as any other (CACM 30(9),
        // 1987).
        var chosen: Set<Int> = []
        for limit in starts.count - problem.stageCount + 1..<starts.count {
            let candidate = 1 + Int(random.next(upperBound: UInt64(limit)))
            chosen.insert(chosen.contains(candidate) ? limit : candidate)
        }
        return Placement(boundaries: [0] + chosen.sorted().map { starts[$0] })
    }
}
