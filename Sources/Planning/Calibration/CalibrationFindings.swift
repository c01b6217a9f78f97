/// What is unusual in a measured cluster: ranks and links that are slower than others of their kind.
enum CalibrationFindings {
    /// Relative to the median of all ranks.
    private static let slowSpeed = 0.9
    /// Relative to the medians of the links of the same class.
    private static let slowBandwidth = 0.8
    private static let slowLatency = 1.5

    static func sentences(
        nodes: [ClusterMeasurement.Node], speeds: [ClusterMeasurement.Speed], pairs: [ClusterMeasurement.Pair]
    ) -> [String] {
        slowRanks(nodes, speeds) + slowLinks(nodes, pairs.filter(\.isWithinNode), "within a node")
            + slowLinks(nodes, pairs.filter { !$0.isWithinNode }, "between nodes")
    }

    private static func slowRanks(
        _ nodes: [ClusterMeasurement.Node], _ speeds: [ClusterMeasurement.Speed]
    ) -> [String] {
        guard !speeds.isEmpty else { return [] }
        let median = Statistics.median(speeds.map(\.flopsPerSecond))
        return nodes.flatMap { node in
            node.ranks.compactMap { rank in
                let share = speeds[rank].flopsPerSecond / median
                guard share < slowSpeed else { return nil }
                return
                    "rank \(rank) on \(node.name) is slow: it computes at \(percent(share)) of the median rank's speed"
            }
        }
    }

    private static func slowLinks(
        _ nodes: [ClusterMeasurement.Node], _ pairs: [ClusterMeasurement.Pair], _ kind: String
    ) -> [String] {
        guard let typical = LinkFit.typical(pairs.map(\.link)) else { return [] }
        return pairs.compactMap { pair in
            var faults: [String] = []
            let bandwidth = pair.link.bandwidth / typical.bandwidth
            let latency = pair.link.latency / typical.latency
            if bandwidth < slowBandwidth { faults.append("it has \(percent(bandwidth)) of the bandwidth") }
            if latency > slowLatency { faults.append("its latency is \(percent(latency)) of that") }
            guard !faults.isEmpty else { return nil }
            let names = zip(pair.ranks, pair.nodes).map { "\(nodes[$1].name) (rank \($0))" }
            return "the link between \(names.joined(separator: " and ")) is slow: "
                + "\(faults.joined(separator: " and ")) of the median link \(kind)"
        }
    }

    private static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}
