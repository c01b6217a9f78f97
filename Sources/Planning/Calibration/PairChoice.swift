/// Which ranks exchange messages when a cluster is measured: all pairs of nodes where they are few, else a sample that
/// has every node in it.
public enum PairChoice {
    public struct Pair: Sendable, Hashable {
        public let lead: Int
        public let follower: Int

        public init(_ lead: Int, _ follower: Int) {
            self.lead = lead
            self.follower = follower
        }
    }

    /// Pairs of ranks of one node: neighbours, so that a node of several processors shows more than one figure.
    ///
    /// - Parameters:
    ///   - nodes: the ranks of each.
    ///   - limit: of pairs, at least one where a node has two ranks.
    public static func withinNodes(_ nodes: [[Int]], limit: Int) -> [Pair] {
        var pairs: [Pair] = []
        // First one of each node, then further ones.
        for place in stride(from: 0, to: (nodes.map(\.count).max() ?? 0) - 1, by: 2) {
            for ranks in nodes where place + 1 < ranks.count && pairs.count < max(1, limit) {
                pairs.append(Pair(ranks[place], ranks[place + 1]))
            }
        }
        return pairs
    }

    /// Pairs of nodes, by the first rank of each. Beyond the limit: neighbours in the order of the ranks, as pipelines
    /// send, then nodes that are further and further apart.
    ///
    /// - Parameter limit: of pairs; half as many as there are nodes at least, so that each has a part.
    public static func acrossNodes(_ nodes: [[Int]], limit: Int) -> [Pair] {
        let count = nodes.count
        guard count > 1 else { return [] }
        var pairs: [Cluster.NodePair] = []
        var seen: Set<Cluster.NodePair> = []
        func take(_ one: Int, _ other: Int) {
            let pair = Cluster.NodePair(one, other)
            if one != other, seen.insert(pair).inserted { pairs.append(pair) }
        }
        if count * (count - 1) / 2 <= limit {
            for one in 0..<count { for other in one + 1..<count { take(one, other) } }
        } else {
            for node in stride(from: 0, to: count - 1, by: 2) { take(node, node + 1) }
            if count % 2 == 1 { take(count - 2, count - 1) }
            var distance = 1
            while pairs.count < limit, distance < count {
                for node in 0..<count where pairs.count < limit { take(node, (node + distance) % count) }
                distance *= 2
            }
        }
        return pairs.map { Pair(nodes[$0.low][0], nodes[$0.high][0]) }
    }
}
