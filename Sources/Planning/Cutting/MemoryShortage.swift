/// Why a model does not fit into the memory of the ranks, and what would do.
struct MemoryShortage {
    private let problem: PartitionProblem

    init(_ problem: PartitionProblem) { self.problem = problem }

    private var limit: Double {
        Double(problem.cluster.ranks.prefix(problem.stageCount).compactMap(\.memoryByteCount).min() ?? 0)
    }

    /// Says how much is missing at best and the smallest number of ranks that would do.
    var error: PlanningError {
        let missing = heaviest(stageCount: problem.stageCount) - limit
        let plural = problem.stageCount == 1 ? "" : "s"
        return PlanningError(
            "the model does not fit into the memory of \(problem.stageCount) rank\(plural): the best plan lacks "
                + "\(MemoryShortage.megabytes(missing)) on one of them (its limit is \(MemoryShortage.megabytes(limit))); "
                + remedy)
    }

    /// What would do.
    var remedy: String {
        if heaviest(stageCount: problem.stageCount) <= limit { return "another plan fits; strategy 'optimal' finds it" }
        guard let count = smallestCount(limit: limit) else {
            return "no number of ranks would do, since one layer alone is larger"
        }
        return "\(count) ranks with this memory would do"
    }

    /// The least that the fullest rank must hold.
    private func heaviest(stageCount: Int) -> Double {
        let cluster = Cluster.unknown(rankCount: stageCount)
        let search = PlacementSearch(
            scan: StageScan(problem.chain), places: .inOrder(cluster, count: stageCount),
            load: { figures, _ in figures.memoryByteCount }, floor: { figures, _ in figures.parameterByteCount },
            toll: { _, _ in 0 })
        return search.best()?.heaviest ?? .infinity
    }

    private func smallestCount(limit: Double) -> Int? {
        let all = problem.chain.stageLimit
        guard heaviest(stageCount: all) <= limit else { return nil }
        // More stages never need more on the fullest rank: it can be cut once more.
        var low = 1
        var high = all
        while low < high {
            let middle = (low + high) / 2
            if heaviest(stageCount: middle) <= limit { high = middle } else { low = middle + 1 }
        }
        return low
    }

    static func megabytes(_ byteCount: Double) -> String {
        let tenths = Int((byteCount / 1e5).rounded(.up))
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}
