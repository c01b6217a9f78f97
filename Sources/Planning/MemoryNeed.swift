/// What the stages of a plan need to hold.
public struct MemoryNeed: Sendable, Hashable {
    /// By stage, in bytes: weights, activations and messages, as far as the chain tells.
    public let stageByteCounts: [Int]

    public init(of plan: PartitionPlan, chain: LayerChain) {
        let scan = StageScan(chain)
        let starts = chain.blockStarts
        var block = 0
        stageByteCounts = plan.layerRanges.map { layers in
            let first = block
            while block < starts.count, starts[block] < layers.upperBound { block += 1 }
            return Int(scan.figures(of: first..<max(block, first + 1)).memoryByteCount)
        }
    }
}

extension ScheduleVerifier {
    /// - Throws: when a stage needs more memory than its rank has.
    public static func verifyMemory(
        of plan: PartitionPlan, chain: LayerChain, cluster: Cluster
    ) throws(PlanningError) {
        guard cluster.ranks.contains(where: { $0.memoryByteCount != nil }) else { return }
        let need = MemoryNeed(of: plan, chain: chain)
        for stage in plan.stages {
            guard let limit = cluster.ranks[stage.rank].memoryByteCount else { continue }
            let bytes = need.stageByteCounts[stage.index]
            guard bytes > limit else { continue }
            let problem = PartitionProblem(
                chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: 1), cluster: cluster,
                stageCount: plan.stages.count)
            throw PlanningError(
                "stage \(stage.index) needs \(MemoryShortage.megabytes(Double(bytes))) and rank \(stage.rank) has "
                    + "\(MemoryShortage.megabytes(Double(limit))): \(MemoryShortage(problem).remedy)")
        }
    }
}
