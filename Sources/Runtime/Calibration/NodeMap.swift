internal import MPI
internal import Planning

/// Which ranks share a node.
struct NodeMap {
    /// In the order of their first ranks.
    let nodes: [ClusterMeasurement.Node]

    /// All ranks call this together; the result is the same on all.
    static func find(_ world: Communicator) throws -> NodeMap {
        let local = try world.nodeLocal()
        let first = try local.allGather([Int64(world.rank)]).min()!
        let leaders = try world.allGather([first]).map { Int($0) }
        let names = try world.allGather(bytes: Array(MPISession.processorName.utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
        return NodeMap(leaders: leaders, names: names)
    }

    /// - Parameters:
    ///   - leaders: the first rank of the node of each rank.
    ///   - names: of the host of each rank.
    init(leaders: [Int], names: [String]) {
        var nodes: [ClusterMeasurement.Node] = []
        var used: [String: Int] = [:]
        for leader in Set(leaders).sorted() {
            let name = names[leader]
            used[name, default: 0] += 1
            nodes.append(
                ClusterMeasurement.Node(
                    name: used[name]! == 1 ? name : "\(name)#\(used[name]!)", host: name,
                    ranks: leaders.indices.filter { leaders[$0] == leader }))
        }
        self.nodes = nodes
    }

    func node(ofRank rank: Int) -> Int { nodes.firstIndex { $0.ranks.contains(rank) }! }
}
