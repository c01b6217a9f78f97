/// What a strategy is given: the model, what its layers cost, and the ranks.
public struct PartitionProblem: Sendable {
    public let chain: LayerChain
    public let costs: LayerCosts
    public let cluster: Cluster
    public let stageCount: Int

    /// - Precondition: costs for each layer, and at least `stageCount` ranks.
    public init(_ chain: LayerChain, costs: LayerCosts, cluster: Cluster, stageCount: Int) {
        precondition(costs.layers.count == chain.layers.count && cluster.ranks.count >= stageCount)
        self.chain = chain
        self.costs = costs
        self.cluster = cluster
        self.stageCount = stageCount
    }

    /// For ranks of which nothing is known.
    public init(_ chain: LayerChain, stageCount: Int) {
        let cluster = Cluster.unknown(rankCount: max(stageCount, 1))
        self.init(
            chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: cluster.ranks[0].flopsPerSecond),
            cluster: cluster, stageCount: stageCount)
    }
}

/// Where stages begin, and which rank each is on.
public struct Placement: Sendable, Hashable {
    /// The layer that each stage begins with, ascending from 0.
    public let boundaries: [Int]
    /// By stage; no rank twice.
    public let ranks: [Int]

    public init(boundaries: [Int], ranks: [Int]) {
        precondition(boundaries.count == ranks.count)
        self.boundaries = boundaries
        self.ranks = ranks
    }

    /// Stage i on rank i.
    public init(boundaries: [Int]) { self.init(boundaries: boundaries, ranks: Array(boundaries.indices)) }
}
