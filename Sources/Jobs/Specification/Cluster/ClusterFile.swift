public import Planning

/// A cluster as a user describes it or `mpinfer calibrate` finds it: nodes, what their ranks compute, and what messages
/// take.
public struct ClusterFile: Sendable, Hashable {
    public static let version = 1

    /// Some nodes that are alike, or one with a name.
    public struct Nodes: Sendable, Hashable {
        /// Of one node; as MPI names the host in a calibrated file.
        var name: String?
        var count = 1
        /// On each of them.
        var ranks = RankSet.count(1)
        /// 10^9 floating-point operations that a rank computes in a second; one for all, or one for each rank.
        var gigaflops = [50.0]
        /// 10^9 bytes that a rank may use; one for all, or one for each rank; nil for no limit.
        var memory: [Double]?
    }

    /// Which ranks run on a node.
    enum RankSet: Sendable, Hashable {
        /// This many, after those of the nodes before.
        case count(Int)
        case numbers([Int])

        var count: Int {
            switch self {
            case .count(let count): count
            case .numbers(let numbers): numbers.count
            }
        }
    }

    public struct Link: Sendable, Hashable {
        /// In microseconds.
        var latency = 1.0
        /// In 10^9 bytes per second.
        var bandwidth = 5.0
        /// Nanoseconds for each byte that the sender's, and the receiver's, computing takes longer.
        var sendHandling = 0.0
        var receiveHandling = 0.0
        /// Bytes; nil where messages go whole.
        var pieces: Int?
    }

    /// A link between two nodes that is unlike the others.
    struct NamedLink: Sendable, Hashable {
        var between: [String] = []
        var link = Link()
    }

    var version = ClusterFile.version
    var nodes: [Nodes] = []
    /// Nil where nothing is known: links of a machine of today are assumed.
    var withinNode: Link?
    var acrossNodes: Link?
    var links: [NamedLink] = []
    var eager = Cluster.standardEagerByteCount
    /// Where the figures come from; nothing is planned with it.
    var measured: Measured?

    static let assumedWithinNode = Link(latency: 1, bandwidth: 5)
    static let assumedAcrossNodes = Link(latency: 2, bandwidth: 10)

    /// What a planner works with.
    public var cluster: Cluster {
        var ranks: [(number: Int, rank: Cluster.Rank)] = []
        var names: [String: Int] = [:]
        var node = 0
        for group in nodes {
            for _ in 0..<group.count {
                if let name = group.name { names[name] = node }
                for place in 0..<group.ranks.count {
                    let number =
                        switch group.ranks {
                        case .count: ranks.count
                        case .numbers(let numbers): numbers[place]
                        }
                    ranks.append((number, group.rank(place, node: node)))
                }
                node += 1
            }
        }
        var unlike: [Cluster.NodePair: Cluster.Link] = [:]
        for link in links {
            unlike[Cluster.NodePair(names[link.between[0]]!, names[link.between[1]]!)] = link.link.link
        }
        return Cluster(
            ranks: ranks.sorted { $0.number < $1.number }.map(\.rank),
            withinNode: (withinNode ?? ClusterFile.assumedWithinNode).link,
            acrossNodes: (acrossNodes ?? ClusterFile.assumedAcrossNodes).link, unlikeLinks: unlike,
            eagerByteCount: eager)
    }

    /// Reads and checks a file.
    ///
    /// - Throws: `SpecificationError` with everything that is wrong.
    public static func load(path: String) throws(SpecificationError) -> ClusterFile {
        try parse(SpecificationText.read(path), path: path)
    }

    static func parse(_ text: String, path: String) throws(SpecificationError) -> ClusterFile {
        try SpecificationText.decode(
            text, as: form, version: version, path: path, folder: SpecificationText.folder(of: path))
    }
}

extension ClusterFile.Nodes {
    fileprivate func rank(_ place: Int, node: Int) -> Cluster.Rank {
        func figure(_ figures: [Double]) -> Double { figures.count == 1 ? figures[0] : figures[place] }
        return Cluster.Rank(
            node: node, flopsPerSecond: figure(gigaflops) * 1e9,
            memoryByteCount: memory.map { Int(figure($0) * 1e9) })
    }
}

extension ClusterFile.Link {
    fileprivate var link: Cluster.Link {
        Cluster.Link(
            latency: latency * 1e-6, bandwidth: bandwidth * 1e9, sendHandling: sendHandling * 1e-9,
            receiveHandling: receiveHandling * 1e-9, pieceByteCount: pieces)
    }
}
