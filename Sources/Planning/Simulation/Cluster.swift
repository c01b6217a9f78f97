/// The hardware that a plan is for: what each rank computes and where it runs, and what a message takes between two ranks.
public struct Cluster: Sendable, Codable, Hashable {
    public struct Rank: Sendable, Codable, Hashable {
        /// The node it runs on. Ranks of one node share its network interface.
        public let node: Int
        /// Floating-point operations that it computes in a second.
        public let flopsPerSecond: Double

        public init(node: Int, flopsPerSecond: Double) {
            self.node = node
            self.flopsPerSecond = flopsPerSecond
        }
    }

    /// A message of n bytes takes `latency + n / bandwidth` seconds, as Hockney's model has it.
    public struct Link: Sendable, Codable, Hashable {
        /// In seconds.
        public var latency: Double
        /// In bytes per second.
        public var bandwidth: Double

        public init(latency: Double, bandwidth: Double) {
            self.latency = latency
            self.bandwidth = bandwidth
        }
    }

    public var ranks: [Rank]
    public var withinNode: Link
    public var acrossNodes: Link
    /// Messages of more bytes wait for their receiver (rendezvous): request, clearance and data each take the latency.
    public var eagerByteCount: Int

    /// Open MPI's `btl_tcp_eager_limit`.
    public static let standardEagerByteCount = 1 << 16

    public init(
        ranks: [Rank], withinNode: Link, acrossNodes: Link, eagerByteCount: Int = Cluster.standardEagerByteCount
    ) {
        self.ranks = ranks
        self.withinNode = withinNode
        self.acrossNodes = acrossNodes
        self.eagerByteCount = eagerByteCount
    }

    public func link(from source: Int, to destination: Int) -> Link {
        ranks[source].node == ranks[destination].node ? withinNode : acrossNodes
    }
}
