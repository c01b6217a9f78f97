public import Planning

/// A cluster as a user describes it: nodes, what their ranks compute, and what messages take.
public struct ClusterFile: Sendable, Hashable {
    public static let version = 1

    /// Some nodes that are alike.
    public struct Nodes: Sendable, Hashable {
        var count = 1
        /// On each of them.
        var ranks = 1
        /// 10^9 floating-point operations that a rank computes in a second.
        var gigaflops = 50.0
    }

    public struct Link: Sendable, Hashable {
        /// In microseconds.
        var latency = 1.0
        /// In 10^9 bytes per second.
        var bandwidth = 5.0
    }

    var version = ClusterFile.version
    var nodes: [Nodes] = []
    var withinNode = Link(latency: 1, bandwidth: 5)
    var acrossNodes = Link(latency: 2, bandwidth: 10)
    var eager = Cluster.standardEagerByteCount

    /// Ranks in the order of the nodes.
    public var cluster: Cluster {
        var ranks: [Cluster.Rank] = []
        var node = 0
        for group in nodes {
            for _ in 0..<group.count {
                ranks += [Cluster.Rank](
                    repeating: Cluster.Rank(node: node, flopsPerSecond: group.gigaflops * 1e9), count: group.ranks)
                node += 1
            }
        }
        return Cluster(
            ranks: ranks, withinNode: withinNode.link, acrossNodes: acrossNodes.link, eagerByteCount: eager)
    }

    /// Reads and checks a file.
    ///
    /// - Throws: `SpecificationError` with everything that is wrong.
    public static func load(path: String) throws(SpecificationError) -> ClusterFile {
        try SpecificationText.decode(
            SpecificationText.read(path), as: form, version: version, path: path,
            folder: SpecificationText.folder(of: path))
    }
}

extension ClusterFile.Link {
    fileprivate var link: Cluster.Link { Cluster.Link(latency: latency * 1e-6, bandwidth: bandwidth * 1e9) }
}

extension ClusterFile {
    static let form = Form.record(
        "Cluster", ClusterFile(), "Nodes, what their ranks compute, and what messages between ranks take.",
        fields: [
            .required("version", \.version, .integer(version...version), "Version of this format."),
            .required(
                "nodes", \.nodes, .list(of: Nodes.form, count: 1...10_000), "The nodes; ranks count in their order."),
            .optional("within-node", \.withinNode, Link.form, "Messages between ranks of one node."),
            .optional("across-nodes", \.acrossNodes, Link.form, "Messages between nodes."),
            .optional(
                "eager", \.eager, .integer(0...1 << 30),
                "Bytes up to which a message leaves without waiting for its receiver."),
        ])
}

extension ClusterFile.Nodes {
    static let form = Form.record(
        "Nodes", Self(), "Nodes that are alike.",
        fields: [
            .optional("count", \.count, .integer(1...1 << 20), "How many there are."),
            .required("ranks", \.ranks, .integer(1...4096), "Ranks on each."),
            .required(
                "gigaflops", \.gigaflops, .number(isPositive: true),
                "10^9 floating-point operations that a rank computes in a second, with its threads."),
        ])
}

extension ClusterFile.Link {
    static let form = Form.record(
        "Link", Self(), "What a message takes.",
        fields: [
            .required("latency", \.latency, .number(isPositive: true), "Microseconds."),
            .required("bandwidth", \.bandwidth, .number(isPositive: true), "10^9 bytes per second."),
        ])
}
