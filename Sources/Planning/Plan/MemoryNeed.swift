/// What the stages of a plan need to hold.
public struct MemoryNeed: Sendable, Hashable {
    /// By stage, in bytes: weights, activations and messages, as far as the chain tells.
    public let stageByteCounts: [Int]
    /// The same without tables that are looked up in: they stay in their file, and pages that are not in use cost no
    /// memory.
    public let unmappedByteCounts: [Int]
    /// Of these, by stage: weights that replicas on one node hold once. 0 for stages without replicas.
    let sharedByteCounts: [Int]

    public init(of plan: PartitionPlan, chain: LayerChain) {
        let memory = StageTable(chain).memory
        let messages = plan.messageBufferByteCounts
        let starts = chain.blockStarts
        var block = 0
        var counts: [(all: Int, unmapped: Int, shared: Int)] = []
        for (stage, layers) in plan.layerRanges.enumerated() {
            let first = block
            while block < starts.count, starts[block] < layers.upperBound { block += 1 }
            let own = memory.own(of: first..<max(block, first + 1))
            // Past any memory a sum need not be exact.
            let bytes = Int(min(own + messages[stage], 0x1p62))
            let mapped = chain.layers[layers].reduce(0) { sum, layer in
                layer.operatorName == "Gather" ? sum + layer.parameterByteCount : sum
            }
            let weights = chain.layers[layers].reduce(0) { $0 + $1.parameterByteCount } - mapped
            let unmapped = max(0, bytes - mapped)
            counts.append((bytes, unmapped, plan.stages[stage].teams.count > 1 ? min(weights, unmapped) : 0))
        }
        // Stages without layers have messages alone.
        for stage in plan.stages where !stage.hasLayers {
            let bytes = Int(min(messages[stage.index], 0x1p62))
            counts.append((bytes, bytes, 0))
        }
        stageByteCounts = counts.map(\.all)
        unmappedByteCounts = counts.map(\.unmapped)
        sharedByteCounts = counts.map(\.shared)
    }
}

extension MemoryNeed {
    /// Of all stages of a rank, in bytes.
    public func byteCount(of stages: [Int]) -> Int { MemoryNeed.sum(stageByteCounts, of: stages) }

    /// The same without tables that are looked up in.
    func unmappedByteCount(of stages: [Int]) -> Int { MemoryNeed.sum(unmappedByteCounts, of: stages) }

    /// Past any memory a sum need not be exact.
    private static func sum(_ byteCounts: [Int], of stages: [Int]) -> Int {
        stages.reduce(0) { min(1 << 61, $0 + min(1 << 61, byteCounts[$1])) }
    }
}

extension ScheduleVerifier {
    /// - Throws: when a stage needs more memory than its rank has.
    public static func verifyMemory(
        of plan: PartitionPlan, chain: LayerChain, cluster: Cluster
    ) throws(PlanningError) {
        guard cluster.ranks.contains(where: { $0.memoryByteCount != nil }) else { return }
        let need = MemoryNeed(of: plan, chain: chain)
        for (rank, stages) in plan.stagesByRank.enumerated() {
            guard let limit = cluster.ranks[rank].memoryByteCount, let stage = stages.first else { continue }
            let bytes = need.byteCount(of: stages)
            guard bytes > limit else { continue }
            let problem = PartitionProblem(
                chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: 1), cluster: cluster,
                stageCount: plan.layerRanges.count)
            throw PlanningError(
                "stage \(stage) needs \(MemoryShortage.megabytes(Double(bytes))) and rank \(rank) has "
                    + "\(MemoryShortage.megabytes(Double(limit))): \(MemoryShortage(problem).remedy)")
        }
    }
}
