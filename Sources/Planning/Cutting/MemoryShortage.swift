/// Why a model does not fit into the memory of the ranks, and what would be enough.
struct MemoryShortage {
    private let problem: PartitionProblem
    private let table: StageTable

    init(_ problem: PartitionProblem) {
        self.problem = problem
        table = StageTable(problem.chain)
    }

    private var limit: Double {
        Double(problem.cluster.ranks.prefix(problem.stageCount).compactMap(\.memoryByteCount).min() ?? 0)
    }

    /// Says how much is missing at best and the smallest number of ranks that would be enough.
    var error: PlanningError {
        let missing = heaviest(stageCount: problem.stageCount) - limit
        let plural = problem.stageCount == 1 ? "" : "s"
        return PlanningError(
            "the model does not fit into the memory of \(problem.stageCount) rank\(plural): the best plan lacks "
                + "\(MemoryShortage.megabytes(missing)) on one of them (its limit is \(MemoryShortage.megabytes(limit))); "
                + remedy)
    }

    /// What would be enough.
    var remedy: String {
        if heaviest(stageCount: problem.stageCount) <= limit { return "another plan fits; strategy 'optimal' finds it" }
        guard let count = smallestCount(limit: limit) else {
            return "no number of ranks would do: a layer with its messages needs more than one rank has"
        }
        return "\(count) ranks with this memory would do"
    }

    /// The least that the fullest rank must hold.
    private func heaviest(stageCount: Int) -> Double {
        MemorySearch(table, stageCount: stageCount).least()
    }

    /// More stages hold fewer weights each and need more buffers for messages, so that more may be too many.
    private func smallestCount(limit: Double) -> Int? {
        let all = problem.chain.stageLimit
        let small = 1...min(all, MemoryShortage.eachCount)
        let large = sequence(first: 2 * MemoryShortage.eachCount) { 2 * $0 }.prefix { $0 <= all }
        func isEnough(_ count: Int) -> Bool {
            MemorySearch(table, stageCount: count).isPossible(within: limit)
        }
        return small.first(where: isEnough) ?? large.first(where: isEnough)
    }

    /// Numbers of ranks that are tried one by one; of larger ones only each that is twice the one before.
    private static let eachCount = 64

    static func megabytes(_ byteCount: Double) -> String {
        let tenths = Int(min(byteCount / 1e5, 1e15).rounded(.up))
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}
