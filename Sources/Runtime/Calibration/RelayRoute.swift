internal import MPI
internal import Planning

/// The ranks that relay messages, one of each node. A node whose link to the one before is unlike the others is left
/// out: a slow link would hide the rest.
struct RelayRoute {
    let ranks: [Int]
    /// Of the links between them, in bytes per second.
    let bandwidth: Double

    init(pairs: [ClusterMeasurement.Pair], map: NodeMap) {
        let across = pairs.filter { !$0.isWithinNode }
        guard let typical = LinkFit.typical(across.map(\.link)) else {
            (ranks, bandwidth) = ([], 0)
            return
        }
        let unlike = across.filter { LinkFit.isUnlike($0.link, typical) }.map {
            Cluster.NodePair($0.nodes[0], $0.nodes[1])
        }
        var nodes = [0]
        for node in map.nodes.indices.dropFirst()
        where !unlike.contains(Cluster.NodePair(nodes[nodes.count - 1], node)) { nodes.append(node) }
        ranks = nodes.map { map.nodes[$0].ranks[0] }
        bandwidth = typical.bandwidth
    }

    private init(numbers: [Double]) {
        ranks = numbers.dropFirst().map { Int($0) }
        bandwidth = numbers[0]
    }

    /// The route of rank 0, on all ranks. All ranks call this together.
    func shared(on world: Communicator) throws -> RelayRoute {
        let numbers = [bandwidth] + ranks.map { Double($0) }
        let bytes = try world.broadcast(world.rank == 0 ? numbers.messageBytes : [], root: 0)
        return RelayRoute(numbers: [Double](messageBytes: bytes))
    }
}
