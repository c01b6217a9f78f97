public import Planning

extension ClusterFile {
    /// The file of a calibration. Figures have four digits: more would be noise.
    public init(_ measurement: ClusterMeasurement) {
        let cluster = measurement.cluster
        // Numbers only where ranks are not simply one node after another.
        let isInOrder = measurement.nodes.flatMap(\.ranks) == Array(cluster.ranks.indices)
        nodes = measurement.nodes.map { node in
            var found = Nodes(name: node.name)
            found.ranks = isInOrder ? .count(node.ranks.count) : .numbers(node.ranks)
            found.gigaflops = node.ranks.map { cluster.ranks[$0].flopsPerSecond.inUnits(of: 1e9) }
            if Set(found.gigaflops).count == 1 { found.gigaflops = [found.gigaflops[0]] }
            return found
        }
        if measurement.pairs.contains(where: \.isWithinNode) { withinNode = Link(cluster.withinNode) }
        if measurement.pairs.contains(where: { !$0.isWithinNode }) { acrossNodes = Link(cluster.acrossNodes) }
        links = cluster.unlikeLinks.sorted { ($0.key.low, $0.key.high) < ($1.key.low, $1.key.high) }.map { pair, link in
            NamedLink(
                between: [measurement.nodes[pair.low].name, measurement.nodes[pair.high].name], link: Link(link))
        }
        eager = cluster.eagerByteCount
        measured = Measured(measurement)
    }
}

extension ClusterFile.Link {
    init(_ link: Cluster.Link) {
        self.init(
            latency: link.latency.inUnits(of: 1e-6), bandwidth: link.bandwidth.inUnits(of: 1e9),
            sendHandling: link.sendHandling.inUnits(of: 1e-9), receiveHandling: link.receiveHandling.inUnits(of: 1e-9),
            pieces: link.pieceByteCount)
    }
}

extension ClusterFile.Measured {
    init(_ measurement: ClusterMeasurement) {
        hosts = measurement.nodes.map(\.host)
        gigaflops = measurement.speeds.map { $0.flopsPerSecond.inUnits(of: 1e9) }
        memoryBandwidth = measurement.speeds.map { $0.memoryBytesPerSecond.inUnits(of: 1e9) }
        messages = measurement.pairs.map { pair in
            ClusterFile.Messages(
                ranks: pair.ranks, latency: pair.link.latency.inUnits(of: 1e-6),
                bandwidth: pair.link.bandwidth.inUnits(of: 1e9), bytes: pair.times.map(\.byteCount),
                median: pair.times.map { $0.seconds.inUnits(of: 1e-6) },
                fastest: pair.times.map { $0.fastest.inUnits(of: 1e-6) })
        }
        for kind in ClusterMeasurement.Collective.Kind.allCases {
            let found = measurement.collectives.filter { $0.kind == kind }
            guard !found.isEmpty else { continue }
            collectives.append(
                ClusterFile.Collective(
                    kind: kind.rawValue, bytes: found.map(\.byteCount),
                    median: found.map { $0.seconds.inUnits(of: 1e-6) }))
        }
        relay = measurement.relay.map {
            ClusterFile.Relay(
                bytes: $0.byteCount, pieces: $0.pieceByteCount, whole: $0.wholeSeconds.inUnits(of: 1e-6),
                inPieces: $0.piecesSeconds.inUnits(of: 1e-6))
        }
        findings = measurement.findings
    }
}

extension Double {
    /// The number of units in it, with four digits.
    fileprivate func inUnits(of unit: Double) -> Double {
        let value = self / unit
        guard value != 0, value.isFinite else { return 0 }
        var scale = 1.0
        while abs(value) * scale < 1000 && scale < 1e15 { scale *= 10 }
        while abs(value) * scale >= 10000 && scale > 1e-15 { scale /= 10 }
        // Divided by a power of ten, and not multiplied by its inverse, a short decimal stays short.
        return scale >= 1 ? (value * scale).rounded() / scale : (value * scale).rounded() * (1 / scale).rounded()
    }
}
