/// A cluster as SimGrid's platform file: a zone for each node with a host for each rank, and a link from each node to a
/// core that joins them all (https://simgrid.org/doc/latest/Platform_routing.html).
struct SimGridPlatform {
    private let cluster: Cluster
    private let rankCount: Int

    init(_ cluster: Cluster, rankCount: Int) {
        self.cluster = cluster
        self.rankCount = rankCount
    }

    static func host(_ rank: Int) -> String { "rank\(rank)" }

    var xml: String {
        let nodes = Set(cluster.ranks.prefix(rankCount).map(\.node)).sorted()
        var lines = [
            "<?xml version=\"1.0\"?>", "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">",
            "<platform version=\"4.1\">", "  <zone id=\"cluster\" routing=\"DijkstraCache\">",
            "    <zone id=\"core\" routing=\"None\"><router id=\"core-router\"/></zone>",
        ]
        for node in nodes { lines += zone(of: node) }
        // A host's link and its node's link together have the latency between nodes, half of it on each side.
        let half = max(0, cluster.acrossNodes.latency - cluster.withinNode.latency) / 2
        for node in nodes {
            lines.append(link("node\(node)", bandwidth: cluster.acrossNodes.bandwidth, latency: half))
        }
        for (pair, unlike) in cluster.unlikeLinks.sorted(by: { ($0.key.low, $0.key.high) < ($1.key.low, $1.key.high) })
        {
            let latency = max(0, unlike.latency - cluster.withinNode.latency)
            lines.append(link("nodes\(pair.low)-\(pair.high)", bandwidth: unlike.bandwidth, latency: latency))
        }
        for node in nodes {
            lines += [
                "    <zoneRoute src=\"node\(node)\" dst=\"core\" gw_src=\"router\(node)\" gw_dst=\"core-router\" "
                    + "symmetrical=\"NO\"><link_ctn id=\"node\(node)\" direction=\"UP\"/></zoneRoute>",
                "    <zoneRoute src=\"core\" dst=\"node\(node)\" gw_src=\"core-router\" gw_dst=\"router\(node)\" "
                    + "symmetrical=\"NO\"><link_ctn id=\"node\(node)\" direction=\"DOWN\"/></zoneRoute>",
            ]
        }
        for pair in cluster.unlikeLinks.keys.sorted(by: { ($0.low, $0.high) < ($1.low, $1.high) })
        where nodes.contains(pair.low) && nodes.contains(pair.high) {
            for (from, to, direction) in [(pair.low, pair.high, "UP"), (pair.high, pair.low, "DOWN")] {
                lines.append(
                    "    <zoneRoute src=\"node\(from)\" dst=\"node\(to)\" gw_src=\"router\(from)\" gw_dst=\"router\(to)\" "
                        + "symmetrical=\"NO\"><link_ctn id=\"nodes\(pair.low)-\(pair.high)\" "
                        + "direction=\"\(direction)\"/></zoneRoute>")
            }
        }
        lines += ["  </zone>", "</platform>"]
        return lines.joined(separator: "\n") + "\n"
    }

    private func zone(of node: Int) -> [String] {
        let within = cluster.withinNode
        var lines = ["    <zone id=\"node\(node)\" routing=\"Cluster\">", "      <router id=\"router\(node)\"/>"]
        for rank in 0..<rankCount where cluster.ranks[rank].node == node {
            let name = SimGridPlatform.host(rank)
            lines += [
                "      <host id=\"\(name)\" speed=\"\(cluster.ranks[rank].flopsPerSecond)f\"/>",
                "  " + link("link-\(name)", bandwidth: within.bandwidth, latency: within.latency / 2),
                "      <host_link id=\"\(name)\" up=\"link-\(name)_UP\" down=\"link-\(name)_DOWN\"/>",
            ]
        }
        return lines + ["    </zone>"]
    }

    private func link(_ name: String, bandwidth: Double, latency: Double) -> String {
        "    <link id=\"\(name)\" bandwidth=\"\(bandwidth)Bps\" latency=\"\(latency)s\" sharing_policy=\"SPLITDUPLEX\"/>"
    }
}
