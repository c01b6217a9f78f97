/// The largest share of memory that any stage needs (weights, activations, buffers of messages) is as small as can be.
public struct MemoryStrategy: PartitionStrategy {
    public static let name = "memory"

    public init() {}

    public func placement(for problem: PartitionProblem) -> Placement {
        let cut = PlacementSearch(
            scan: StageScan(problem.chain), places: .inOrder(problem.cluster, count: problem.stageCount),
            load: { figures, _ in figures.memoryByteCount }, floor: { figures, _ in figures.parameterByteCount },
            toll: { figures, _ in figures.receivedByteCount })
        // Without a limit some plan fits always.
        return cut.best()!.placement(on: problem)
    }
}
