internal import Graphs
internal import Kernels
internal import Planning

/// What a plan is made with in addition to the model: costs of the layers and the cluster, from files where there are
/// any.
struct PlanningFigures {
    let costs: LayerCosts
    /// With at least as many ranks as the plan is for, unless a file says otherwise.
    let cluster: Cluster
    private(set) var warnings: [String] = []

    init(
        _ specification: JobSpecification, fingerprint: String, bound: BoundGraph, chain: LayerChain,
        microbatchSize: Int, rankCount: Int, threads: Int?, cluster givenCluster: Cluster?,
        profile givenProfile: ModelProfile?
    ) throws {
        let parallelism = specification.parallelism
        var described = givenCluster
        if described == nil, let path = parallelism.cluster {
            let file = try ClusterFile.load(path: path)
            described = file.cluster
        }
        let conditions = ModelProfile.Conditions(
            model: fingerprint, microbatch: microbatchSize, types: bound.graph.inputs.map { bound.type(of: $0.value) },
            precision: specification.precision, threads: threads ?? 1)
        var profile = givenProfile
        var path = "the profile"
        if profile == nil {
            if let given = parallelism.profile {
                path = given
                profile = try ModelProfile.read(given)
            } else {
                profile = try ProfileCache().profile(for: conditions)
            }
        }
        if let profile {
            try profile.requireFit(conditions, path: path, warnings: &warnings)
            costs = try profile.costs(of: chain, graph: bound.graph, path: path)
        } else {
            let rank = described?.ranks.first ?? Cluster.unknown(rankCount: 1).ranks[0]
            costs = LayerCosts(operationsOf: chain, flopsPerSecond: rank.flopsPerSecond)
        }
        if let described {
            cluster = described
        } else {
            var unknown = Cluster.unknown(rankCount: max(1, rankCount))
            unknown.ranks = unknown.ranks.map {
                Cluster.Rank(node: $0.node, flopsPerSecond: profile?.flopsPerSecond ?? $0.flopsPerSecond)
            }
            cluster = unknown
        }
    }
}
