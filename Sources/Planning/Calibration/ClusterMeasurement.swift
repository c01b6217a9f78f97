/// What was found of a cluster: the figures that plans are made with, and everything that they come from.
public struct ClusterMeasurement: Sendable, Codable {
    /// A node and the ranks that run on it.
    public struct Node: Sendable, Codable, Hashable {
        /// The host's; hosts of one name are told apart by `#2`, `#3` and so on.
        public let name: String
        /// As MPI names it.
        public let host: String
        public let ranks: [Int]

        public init(name: String, host: String, ranks: [Int]) {
            self.name = name
            self.host = host
            self.ranks = ranks
        }
    }

    /// What a rank's threads can do while the other ranks compute too.
    public struct Speed: Sendable, Codable, Hashable {
        public let flopsPerSecond: Double
        /// Of memory that is read and written.
        public let memoryBytesPerSecond: Double

        public init(flopsPerSecond: Double, memoryBytesPerSecond: Double) {
            self.flopsPerSecond = flopsPerSecond
            self.memoryBytesPerSecond = memoryBytesPerSecond
        }
    }

    /// Two ranks that exchanged messages.
    public struct Pair: Sendable, Codable, Hashable {
        public let ranks: [Int]
        public let nodes: [Int]
        public let times: [MessageTime]
        public let link: Cluster.Link
        /// Whether handling was measured, and not taken from other pairs.
        public let hasHandling: Bool

        public init(ranks: [Int], nodes: [Int], times: [MessageTime], link: Cluster.Link, hasHandling: Bool) {
            self.ranks = ranks
            self.nodes = nodes
            self.times = times
            self.link = link
            self.hasHandling = hasHandling
        }

        public var isWithinNode: Bool { nodes[0] == nodes[1] }
    }

    /// A collective operation of all ranks.
    public struct Collective: Sendable, Codable, Hashable {
        public enum Kind: String, Sendable, Codable, CaseIterable {
            case allReduce = "all-reduce"
            case allGather = "all-gather"
        }

        public let kind: Kind
        /// Of the result, on each rank.
        public let byteCount: Int
        /// The median, on the slowest rank.
        public let seconds: Double

        public init(kind: Kind, byteCount: Int, seconds: Double) {
            self.kind = kind
            self.byteCount = byteCount
            self.seconds = seconds
        }
    }

    /// Messages one after another from node to node, as a pipeline sends them.
    public struct Relay: Sendable, Codable, Hashable {
        public let byteCount: Int
        public let pieceByteCount: Int
        /// From one message to the next: whole ones, and such in pieces.
        public let wholeSeconds: Double
        public let piecesSeconds: Double

        public init(byteCount: Int, pieceByteCount: Int, wholeSeconds: Double, piecesSeconds: Double) {
            self.byteCount = byteCount
            self.pieceByteCount = pieceByteCount
            self.wholeSeconds = wholeSeconds
            self.piecesSeconds = piecesSeconds
        }

        /// Whether pieces are worth it. Whole messages sometimes reach a rhythm in which they lose little, and leave it
        /// again, so that any gain counts.
        public var goesInPieces: Bool { piecesSeconds < wholeSeconds }
    }

    public let cluster: Cluster
    public let nodes: [Node]
    /// By rank.
    public let speeds: [Speed]
    public let pairs: [Pair]
    public let collectives: [Collective]
    /// Nil on one node.
    public let relay: Relay?
    /// What a user should look into: slow ranks and slow links, in words.
    public let findings: [String]

    public init(
        nodes: [Node], speeds: [Speed], pairs: [Pair], collectives: [Collective], relay: Relay? = nil
    ) {
        self.nodes = nodes
        self.speeds = speeds
        self.pairs = pairs
        self.collectives = collectives
        self.relay = relay
        let pieceByteCount = relay.flatMap { $0.goesInPieces ? $0.pieceByteCount : nil }
        cluster = ClusterMeasurement.cluster(nodes, speeds, pairs, pieceByteCount: pieceByteCount)
        findings = CalibrationFindings.sentences(nodes: nodes, speeds: speeds, pairs: pairs)
    }

    private static func cluster(
        _ nodes: [Node], _ speeds: [Speed], _ pairs: [Pair], pieceByteCount: Int?
    ) -> Cluster {
        var cluster = Cluster.unknown(rankCount: speeds.count)
        let levelled = SpeedClasses.levelled(speeds.map(\.flopsPerSecond))
        for (index, node) in nodes.enumerated() {
            for rank in node.ranks {
                cluster.ranks[rank] = Cluster.Rank(node: index, flopsPerSecond: levelled[rank])
            }
        }
        if let link = typical(pairs.filter(\.isWithinNode)) { cluster.withinNode = link }
        let across = pairs.filter { !$0.isWithinNode }
        guard let typical = typical(across) else {
            cluster.acrossNodes = cluster.withinNode
            return cluster
        }
        cluster.acrossNodes = typical
        cluster.acrossNodes.pieceByteCount = pieceByteCount
        for pair in across where LinkFit.isUnlike(pair.link, typical) {
            var link = pair.link
            if !pair.hasHandling {
                link.sendHandling = typical.sendHandling
                link.receiveHandling = typical.receiveHandling
            }
            link.pieceByteCount = pieceByteCount
            cluster.unlikeLinks[Cluster.NodePair(pair.nodes[0], pair.nodes[1])] = link
        }
        return cluster
    }

    /// The link of a class: handling from the pairs that it was measured on.
    static func typical(_ pairs: [Pair]) -> Cluster.Link? {
        guard var link = LinkFit.typical(pairs.map(\.link)) else { return nil }
        let handling = LinkFit.typical(pairs.filter(\.hasHandling).map(\.link))
        link.sendHandling = handling?.sendHandling ?? 0
        link.receiveHandling = handling?.receiveHandling ?? 0
        return link
    }
}
