import Planning
import Testing

/// What is made of measured times: as functions, without a network.
@Suite struct CalibrationTests {
    /// What a link would take, with two more latencies above the eager limit.
    private func times(
        latency: Double, bandwidth: Double, sizes: [Int] = [8, 512, 4096, 32768, 131072, 524288, 2_097_152],
        noise: (Int) -> Double = { _ in 1 }
    ) -> [MessageTime] {
        sizes.enumerated().map { index, size in
            let seconds = (size > 65536 ? 3 : 1) * latency + Double(size) / bandwidth
            return MessageTime(byteCount: size, rounds: [1.5, noise(index), 9].map { $0 * seconds })
        }
    }

    private func isClose(_ value: Double, _ expected: Double, _ tolerance: Double) -> Bool {
        abs(value / expected - 1) <= tolerance
    }

    @Test("latency and bandwidth come out as they went in", arguments: [1e-6, 2e-4, 5e-3], [12.5e6, 125e6, 5e9])
    func fit(latency: Double, bandwidth: Double) throws {
        let link = try #require(
            LinkFit.link(times(latency: latency, bandwidth: bandwidth), eagerByteCount: 65536))
        #expect(isClose(link.latency, latency + 8 / bandwidth, 1e-6))
        #expect(isClose(link.bandwidth, bandwidth, 1e-6), "three latencies of rendezvous are no part of the bandwidth")
    }

    @Test("few sizes, or times that make no sense, give a positive figure or none") func poorMeasurements() throws {
        #expect(LinkFit.link([], eagerByteCount: 65536) == nil)
        #expect(LinkFit.link(times(latency: 1e-6, bandwidth: 1e9, sizes: [8, 512]), eagerByteCount: 65536) == nil)
        #expect(LinkFit.link(times(latency: 1e-6, bandwidth: 1e9, sizes: [1 << 20]), eagerByteCount: 65536) == nil)
        let one = try #require(
            LinkFit.link(times(latency: 1e-4, bandwidth: 1e8, sizes: [8, 1 << 20]), eagerByteCount: 65536))
        #expect(isClose(one.bandwidth, 1e8, 0.01))
        // A larger message that took less time.
        let backwards = try #require(
            LinkFit.link(
                [8: 1e-6, 131072: 1e-3, 524288: 1e-4].map { MessageTime(byteCount: $0, rounds: [$1]) },
                eagerByteCount: 65536))
        #expect(backwards.bandwidth > 0 && backwards.bandwidth.isFinite && backwards.latency == 1e-6)
    }

    @Test("some slow rounds change nothing") func noise() throws {
        let link = try #require(
            LinkFit.link(times(latency: 1e-4, bandwidth: 1e8) { 1 + 0.02 * Double($0 % 2) }, eagerByteCount: 65536))
        #expect(isClose(link.latency, 1e-4, 0.05) && isClose(link.bandwidth, 1e8, 0.05))
        #expect(!MessageTime.isSettled([1, 2, 3, 4]))
        #expect(MessageTime.isSettled([5, 1, 1.05, 9, 1.02]))
        #expect(!MessageTime.isSettled([]))
    }

    private func pair(_ ranks: [Int], latency: Double = 1e-4, bandwidth: Double = 1e8, handling: Double? = nil)
        -> ClusterMeasurement.Pair
    {
        ClusterMeasurement.Pair(
            ranks: ranks, nodes: ranks, times: [],
            link: Cluster.Link(
                latency: latency, bandwidth: bandwidth, sendHandling: handling ?? 0, receiveHandling: handling ?? 0),
            hasHandling: handling != nil)
    }

    private func measurement(speeds: [Double], _ pairs: [ClusterMeasurement.Pair]) -> ClusterMeasurement {
        ClusterMeasurement(
            nodes: speeds.indices.map { ClusterMeasurement.Node(name: "h\($0)", host: "h\($0)", ranks: [$0]) },
            speeds: speeds.map { ClusterMeasurement.Speed(flopsPerSecond: $0, memoryBytesPerSecond: 1e10) },
            pairs: pairs, collectives: [])
    }

    @Test("the link that is unlike the others is kept apart and named") func slowPair() throws {
        let found = measurement(
            speeds: [50e9, 52e9, 51e9, 40e9],
            [
                pair([0, 1], handling: 2e-9), pair([0, 2], bandwidth: 0.95e8), pair([0, 3], latency: 1.1e-4),
                pair([1, 2]), pair([1, 3], latency: 1e-3, bandwidth: 2e7), pair([2, 3], bandwidth: 1.05e8),
            ])
        #expect(
            found.cluster.acrossNodes
                == Cluster.Link(latency: 1e-4, bandwidth: 1e8, sendHandling: 2e-9, receiveHandling: 2e-9))
        #expect(
            found.cluster.unlikeLinks == [
                Cluster.NodePair(1, 3): Cluster.Link(
                    latency: 1e-3, bandwidth: 2e7, sendHandling: 2e-9, receiveHandling: 2e-9)
            ])
        #expect(found.findings.count == 2)
        #expect(found.findings.first?.contains("rank 3 on h3 is slow") == true)
        #expect(found.findings.last?.contains("between h1 (rank 1) and h3 (rank 3) is slow") == true)
        #expect(found.findings.last?.contains("20 % of the bandwidth and its latency is 1000 %") == true)
    }

    @Test("messages between nodes go in pieces where that was faster") func pieces() throws {
        func cluster(whole: Double, inPieces: Double) -> Cluster {
            ClusterMeasurement(
                nodes: (0..<3).map { ClusterMeasurement.Node(name: "h\($0)", host: "h\($0)", ranks: [$0]) },
                speeds: (0..<3).map { _ in ClusterMeasurement.Speed(flopsPerSecond: 1, memoryBytesPerSecond: 1) },
                pairs: [pair([0, 1]), pair([1, 2]), pair([0, 2], bandwidth: 1e7)], collectives: [],
                relay: .init(byteCount: 1 << 20, pieceByteCount: 60_000, wholeSeconds: whole, piecesSeconds: inPieces)
            ).cluster
        }
        let faster = cluster(whole: 1, inPieces: 0.9)
        #expect(faster.acrossNodes.pieceByteCount == 60_000 && faster.withinNode.pieceByteCount == nil)
        #expect(faster.unlikeLinks[Cluster.NodePair(0, 2)]?.pieceByteCount == 60_000)
        #expect(cluster(whole: 1, inPieces: 1).acrossNodes.pieceByteCount == nil)
        // Short messages go whole, and so do those that would have too many pieces.
        let link = faster.acrossNodes
        let counts = [65_536, 65_537, 120_000, 120_001, 256 * 60_000, 256 * 60_000 + 1].map {
            faster.pieceCount($0, over: link)
        }
        #expect(counts == [1, 2, 2, 3, 256, 1])
    }

    @Test("nothing stands out where all are alike") func alike() {
        let found = measurement(speeds: [50e9, 48e9], [pair([0, 1])])
        #expect(found.findings.isEmpty && found.cluster.unlikeLinks.isEmpty)
        #expect(measurement(speeds: [50e9], []).cluster.ranks.count == 1)
    }

    @Test("speeds that differ by noise are one speed") func levelledSpeeds() {
        #expect(SpeedClasses.levelled([100, 98, 50, 97, 51]) == [98, 98, 50.5, 98, 50.5])
        #expect(SpeedClasses.levelled([100, 94]) == [100, 94])
        #expect(SpeedClasses.levelled([]).isEmpty)
    }

    @Test("a second measurement makes the first better, never worse") func merged() {
        let one = [8: 2.0, 64: 9].map { MessageTime(byteCount: $0, rounds: [$1]) }
        let other = [8: 3.0, 64: 4, 512: 7].map { MessageTime(byteCount: $0, rounds: [$1]) }
        let both = MessageTime.merged(one, other).sorted { $0.byteCount < $1.byteCount }
        #expect(both.map(\.fastest) == [2, 4, 7] && both.map(\.rounds) == [2, 2, 1])
    }

    @Test("every node has a part, whatever the limit", arguments: [2, 3, 4, 5, 8, 9, 17, 100], [1, 10, 66])
    func chosenPairs(nodeCount: Int, limit: Int) {
        let nodes = (0..<nodeCount).map { [2 * $0, 2 * $0 + 1] }
        let across = PairChoice.acrossNodes(nodes, limit: limit)
        #expect(Set(across.flatMap { [$0.lead / 2, $0.follower / 2] }).count == nodeCount)
        #expect(across.allSatisfy { $0.lead / 2 != $0.follower / 2 } && Set(across).count == across.count)
        #expect(across.count <= max(limit, (nodeCount + 1) / 2))
        let all = nodeCount * (nodeCount - 1) / 2
        if all <= limit { #expect(across.count == all) }
        let within = PairChoice.withinNodes(nodes, limit: limit)
        #expect(within.count == min(limit, nodeCount) && within.allSatisfy { $0.lead / 2 == $0.follower / 2 })
    }

    @Test("no pairs where there is nobody") func noPairs() {
        #expect(PairChoice.withinNodes([[0], [1]], limit: 4).isEmpty)
        #expect(PairChoice.acrossNodes([[0, 1]], limit: 4).isEmpty)
        #expect(PairChoice.withinNodes([[0, 1, 2]], limit: 4) == [PairChoice.Pair(0, 1)])
    }
}
