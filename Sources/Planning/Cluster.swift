/// The hardware that a plan is for: what each rank computes and where it runs, and what a message takes between two ranks.
public struct Cluster: Sendable, Codable, Hashable {
    public struct Rank: Sendable, Codable, Hashable {
        /// The node it runs on. Ranks of one node share its network interface.
        public let node: Int
        /// Floating-point operations that it computes in a second.
        public let flopsPerSecond: Double
        /// Bytes that weights, activations and messages may take together; nil where there is no limit.
        public let memoryByteCount: Int?

        public init(node: Int, flopsPerSecond: Double, memoryByteCount: Int? = nil) {
            self.node = node
            self.flopsPerSecond = flopsPerSecond
            self.memoryByteCount = memoryByteCount
        }
    }

    /// A message of n bytes takes `latency + n / bandwidth` seconds, as Hockney's model has it, and keeps the
    /// processors of both ends from computing for a part of it, as in the LogGP model.
    public struct Link: Sendable, Codable, Hashable {
        /// In seconds.
        public var latency: Double
        /// In bytes per second.
        public var bandwidth: Double
        /// Seconds for each byte during which the sender cannot compute.
        public var sendHandling: Double
        /// The same for the receiver. Within a node it is often the receiver that copies, all of the time.
        public var receiveHandling: Double
        /// Messages above the eager limit go in pieces of about this many bytes, which MPI sends without waiting for
        /// the receiver each time; nil where they go whole.
        public var pieceByteCount: Int?

        public init(
            latency: Double, bandwidth: Double, sendHandling: Double = 0, receiveHandling: Double = 0,
            pieceByteCount: Int? = nil
        ) {
            self.latency = latency
            self.bandwidth = bandwidth
            self.sendHandling = sendHandling
            self.receiveHandling = receiveHandling
            self.pieceByteCount = pieceByteCount
        }

        /// Seconds that data of this many bytes takes over the link, latency apart.
        public func transferSeconds(_ byteCount: Double) -> Double { byteCount / bandwidth }
    }

    /// Two nodes, in either direction.
    public struct NodePair: Sendable, Codable, Hashable {
        public let low: Int
        public let high: Int

        public init(_ one: Int, _ other: Int) {
            low = min(one, other)
            high = max(one, other)
        }
    }

    public var ranks: [Rank]
    public var withinNode: Link
    public var acrossNodes: Link
    /// Links between two nodes that are unlike `acrossNodes`.
    public var unlikeLinks: [NodePair: Link]
    /// Messages of more bytes wait for their receiver (rendezvous): request, clearance and data each take the latency,
    /// unless they go in pieces.
    public var eagerByteCount: Int

    /// Open MPI's `btl_tcp_eager_limit`.
    public static let standardEagerByteCount = 1 << 16

    public init(
        ranks: [Rank], withinNode: Link, acrossNodes: Link, unlikeLinks: [NodePair: Link] = [:],
        eagerByteCount: Int = Cluster.standardEagerByteCount
    ) {
        self.ranks = ranks
        self.withinNode = withinNode
        self.acrossNodes = acrossNodes
        self.unlikeLinks = unlikeLinks
        self.eagerByteCount = eagerByteCount
    }

    /// Equal ranks on one node: what a plan is made for when no cluster is named. 50 Gflop/s is a core of today,
    /// 5 GB/s a message within a node.
    public static func unknown(rankCount: Int) -> Cluster {
        let link = Link(latency: 1e-6, bandwidth: 5e9)
        return Cluster(
            ranks: [Rank](repeating: Rank(node: 0, flopsPerSecond: 50e9), count: rankCount), withinNode: link,
            acrossNodes: link)
    }

    /// The link between two ranks.
    public func link(from source: Int, to destination: Int) -> Link {
        link(fromNode: ranks[source].node, toNode: ranks[destination].node)
    }

    /// The link between ranks of two nodes.
    public func link(fromNode source: Int, toNode destination: Int) -> Link {
        if source == destination { return withinNode }
        guard !unlikeLinks.isEmpty else { return acrossNodes }
        return unlikeLinks[NodePair(source, destination)] ?? acrossNodes
    }

    /// Latencies before the data of a message is sent: of request and clearance, where it waits for its receiver.
    public func handshakeLatencies(_ byteCount: Double, over link: Link) -> Double {
        byteCount <= Double(eagerByteCount) || pieceCount(Int(byteCount), over: link) > 1 ? 0 : 2
    }

    /// More pieces would cost more than the handshake that they save.
    private static let pieceCountLimit = 256

    /// In how many pieces a message goes over a link; 1 where it goes whole.
    public func pieceCount(_ byteCount: Int, over link: Link) -> Int {
        guard let piece = link.pieceByteCount, piece > 0, byteCount > eagerByteCount else { return 1 }
        let count = (byteCount + piece - 1) / piece
        return count <= Cluster.pieceCountLimit ? count : 1
    }
}
