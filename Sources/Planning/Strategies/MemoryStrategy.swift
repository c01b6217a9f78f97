/// The largest share of memory that any stage needs (weights, activations, buffers of messages) is as small as
/// possible.
public struct MemoryStrategy: PartitionStrategy {
    public static let name = "memory"

    public init() {}

    public func placement(for problem: PartitionProblem) -> Placement {
        let search = MemorySearch(StageTable(problem.chain), stageCount: problem.stageCount)
        let blocks = problem.chain.blockStarts
        return Placement(boundaries: search.starts().map { blocks[$0] })
    }
}
