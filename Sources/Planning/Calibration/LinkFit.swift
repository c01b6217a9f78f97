/// Finds latency and bandwidth in the times of messages of several sizes.
///
/// Small messages tell the latency: their bytes take almost no time. The bandwidth comes from the difference of
/// two large sizes, in which everything that each message pays once cancels out: latency, rendezvous, acknowledgement.
/// The fastest rounds count, since whatever else a machine does makes a round slower and never faster.
public enum LinkFit {
    /// Messages up to this many bytes are small.
    static let smallByteCount = 1024
    /// How many times larger the larger of the two sizes is at least.
    private static let ratio = 2

    /// Nil without a small message, or where all are equally small.
    public static func link(_ times: [MessageTime], eagerByteCount: Int) -> Cluster.Link? {
        let sorted = times.filter { $0.fastest > 0 && $0.fastest.isFinite }.sorted { $0.byteCount < $1.byteCount }
        let small = sorted.filter { $0.byteCount <= smallByteCount }
        guard let latency = small.map(\.fastest).min(), let largest = sorted.last,
            largest.byteCount > smallByteCount
        else { return nil }
        return Cluster.Link(
            latency: latency, bandwidth: bandwidth(sorted, largest, latency: latency, eagerByteCount: eagerByteCount))
    }

    private static func bandwidth(
        _ sorted: [MessageTime], _ largest: MessageTime, latency: Double, eagerByteCount: Int
    ) -> Double {
        // Both above the eager limit where there are such, so that both pay the same.
        let others = sorted.filter { $0.byteCount * ratio <= largest.byteCount && $0.byteCount > smallByteCount }
        for other in [others.last { $0.byteCount > eagerByteCount }, others.last] {
            guard let other, other.fastest < largest.fastest else { continue }
            return Double(largest.byteCount - other.byteCount) / (largest.fastest - other.fastest)
        }
        // One large size, or times that make no sense: what remains when the latencies are taken away.
        let latencies = largest.byteCount > eagerByteCount ? 3.0 : 1.0
        let rest = largest.fastest - latencies * latency
        return Double(largest.byteCount) / (rest > 0 ? rest : largest.fastest)
    }

    /// What represents all links of a class: the median of each figure.
    ///
    /// - Returns: nil without links.
    public static func typical(_ links: [Cluster.Link]) -> Cluster.Link? {
        guard !links.isEmpty else { return nil }
        return Cluster.Link(
            latency: Statistics.median(links.map(\.latency)), bandwidth: Statistics.median(links.map(\.bandwidth)),
            sendHandling: Statistics.median(links.map(\.sendHandling)),
            receiveHandling: Statistics.median(links.map(\.receiveHandling)))
    }

    /// Links whose latency or bandwidth is off by more are unlike their class.
    public static let tolerance = 0.15
    /// Seconds by which latencies differ by chance, through other work of the machine.
    private static let latencyNoise = 5e-6

    public static func isUnlike(_ link: Cluster.Link, _ typical: Cluster.Link) -> Bool {
        abs(link.bandwidth / typical.bandwidth - 1) > tolerance
            || abs(link.latency - typical.latency) > max(tolerance * typical.latency, latencyNoise)
    }
}
