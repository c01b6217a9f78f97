/// A cluster as SimGrid's platform file: a host for each rank, the links, and a route for each two ranks that one sends to
/// the other (https://simgrid.org/doc/latest/Platform_routing.html).
///
/// Messages between nodes take the way out of one node and the way into the other, those within a node the same of the two
/// ranks. Where some links between nodes are unlike the others, each two nodes have a link of their own in between.
struct SimGridPlatform {
    private let plan: PartitionPlan
    private let cluster: Cluster

    init(_ plan: PartitionPlan, _ cluster: Cluster) {
        self.plan = plan
        self.cluster = cluster
    }

    static func host(_ rank: Int) -> String { "rank\(rank)" }

    var xml: String {
        var lines = [
            "<?xml version=\"1.0\"?>", "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">",
            "<platform version=\"4.1\">", "  <zone id=\"cluster\" routing=\"Full\">",
        ]
        for rank in 0..<plan.rankCount {
            lines.append(
                "    <host id=\"\(SimGridPlatform.host(rank))\" speed=\"\(cluster.ranks[rank].flopsPerSecond)f\"/>")
        }
        var routes: [String] = []
        var known: Set<String> = []
        let pairs = plan.edges.flatMap { edge in
            plan.stages[edge.from].ranks.flatMap { from in plan.stages[edge.to].ranks.map { (from, $0) } }
        }
        for (from, to) in pairs where from != to {
            guard known.insert("\(from) \(to)").inserted else { continue }
            let links = route(from: from, to: to)
            for link in links where known.insert(link.name).inserted { lines.append(link.line) }
            routes.append(
                "    <route src=\"\(SimGridPlatform.host(from))\" dst=\"\(SimGridPlatform.host(to))\" symmetrical=\"NO\">"
                    + links.map { "<link_ctn id=\"\($0.name)\"/>" }.joined() + "</route>")
        }
        return (lines + routes + ["  </zone>", "</platform>"]).joined(separator: "\n") + "\n"
    }

    private struct Link {
        let name: String
        let bandwidth: Double
        let latency: Double

        /// SimGrid reads numbers with exponents.
        var line: String { "    <link id=\"\(name)\" bandwidth=\"\(bandwidth)Bps\" latency=\"\(latency)s\"/>" }
    }

    /// The latency of a route is that of its first link.
    private func route(from: Int, to: Int) -> [Link] {
        let (source, destination) = (cluster.ranks[from].node, cluster.ranks[to].node)
        let link = cluster.link(from: from, to: to)
        if source == destination {
            return [
                Link(name: "rank\(from)-out", bandwidth: link.bandwidth, latency: link.latency),
                Link(name: "rank\(to)-in", bandwidth: link.bandwidth, latency: 0),
            ]
        }
        guard cluster.unlikeLinks.isEmpty else { return unlikeRoute(link, from: source, to: destination) }
        return [
            Link(name: "node\(source)-out", bandwidth: link.bandwidth, latency: link.latency),
            Link(name: "node\(destination)-in", bandwidth: link.bandwidth, latency: 0),
        ]
    }
    /// A message keeps all links of its route to itself. A slow way must leave room for others on the interfaces, and does
    /// not take them at all; any other takes about as long on them as they would be taken.
    private func unlikeRoute(_ link: Cluster.Link, from source: Int, to destination: Int) -> [Link] {
        let between = Link(
            name: "node\(source)-node\(destination)", bandwidth: link.bandwidth, latency: link.latency)
        if link.bandwidth < cluster.acrossNodes.bandwidth / 2 { return [between] }
        // Wide enough for all: the link in between tells the time.
        let width = cluster.unlikeLinks.values.reduce(cluster.acrossNodes.bandwidth) { max($0, $1.bandwidth) }
        return [
            Link(name: "node\(source)-out", bandwidth: width, latency: 0), between,
            Link(name: "node\(destination)-in", bandwidth: width, latency: 0),
        ]
    }
}
