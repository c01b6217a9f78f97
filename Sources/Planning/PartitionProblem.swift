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

/// Where stages begin, and which ranks compute each.
public struct Placement: Sendable, Hashable {
    /// The layer that each stage begins with, ascending from 0.
    public let boundaries: [Int]
    /// By stage; no rank twice.
    public let teams: [[PartitionPlan.Team]]

    public init(boundaries: [Int], teams: [[PartitionPlan.Team]]) {
        precondition(boundaries.count == teams.count && teams.allSatisfy { !$0.isEmpty })
        self.boundaries = boundaries
        self.teams = teams
    }

    /// One rank for each stage.
    public init(boundaries: [Int], ranks: [Int]) {
        self.init(boundaries: boundaries, teams: ranks.map { [PartitionPlan.Team(ranks: [$0])] })
    }

    /// This many of the same pipeline, each on ranks of its own.
    public func replicated(_ count: Int) -> Placement {
        let size = teams.reduce(0) { $0 + $1.count }
        return Placement(
            boundaries: boundaries,
            teams: teams.map { teams in
                (0..<count).flatMap { replica in
                    teams.map { PartitionPlan.Team(ranks: $0.ranks.map { $0 + replica * size }) }
                }
            })
    }

    /// Stage i on rank i.
    public init(boundaries: [Int]) { self.init(boundaries: boundaries, ranks: Array(boundaries.indices)) }
}
