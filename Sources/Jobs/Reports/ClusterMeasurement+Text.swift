public import Planning

extension ClusterMeasurement {
    /// What was found, for people: nodes, links, collective operations, and what is unusual.
    public var text: String {
        var lines = [
            "\(speeds.count) rank\(speeds.count == 1 ? "" : "s") on \(nodes.count) node\(nodes.count == 1 ? "" : "s")",
            "",
        ]
        lines += nodeTable.lines
        if !pairs.isEmpty { lines += [""] + linkTable.lines }
        if !collectives.isEmpty { lines += [""] + collectiveTable.lines }
        if let relay { lines += ["", ClusterMeasurement.sentence(relay)] }
        lines.append("")
        lines += findings.isEmpty ? ["nothing stands out"] : findings.map { "! \($0)" }
        return lines.joined(separator: "\n")
    }

    private var nodeTable: TextTable {
        var table = TextTable([
            ("node", .left), ("ranks", .left), ("GFLOP/s of each", .right), ("memory GB/s of each", .right),
        ])
        for node in nodes {
            table.add([
                node.name, ClusterMeasurement.runs(node.ranks),
                ClusterMeasurement.span(node.ranks.map { speeds[$0].flopsPerSecond / 1e9 }),
                ClusterMeasurement.span(node.ranks.map { speeds[$0].memoryBytesPerSecond / 1e9 }),
            ])
        }
        return table
    }

    private var linkTable: TextTable {
        var table = TextTable([
            ("link", .left), ("pairs", .right), ("latency", .right), ("bandwidth", .right), ("sender", .right),
            ("receiver", .right),
        ])
        let within = pairs.filter(\.isWithinNode).count
        if within > 0 { table.add(ClusterMeasurement.cells("within a node", "\(within)", cluster.withinNode)) }
        if within < pairs.count {
            table.add(ClusterMeasurement.cells("between nodes", "\(pairs.count - within)", cluster.acrossNodes))
        }
        for (pair, link) in cluster.unlikeLinks.sorted(by: { ($0.key.low, $0.key.high) < ($1.key.low, $1.key.high) }) {
            table.add(ClusterMeasurement.cells("\(nodes[pair.low].name) - \(nodes[pair.high].name)", "", link))
        }
        return table
    }

    private var collectiveTable: TextTable {
        var table = TextTable([("of all ranks", .left), ("size", .right), ("time", .right)])
        for collective in collectives {
            table.add([
                collective.kind.rawValue, Quantity.bytes(collective.byteCount), Quantity.seconds(collective.seconds),
            ])
        }
        return table
    }

    private static func sentence(_ relay: Relay) -> String {
        let size = Quantity.bytes(relay.byteCount)
        let times =
            "whole every \(Quantity.seconds(relay.wholeSeconds)), in pieces of "
            + "\(Quantity.bytes(relay.pieceByteCount)) every \(Quantity.seconds(relay.piecesSeconds))"
        return "messages of \(size) from node to node: \(times); plans for this cluster send them "
            + (relay.goesInPieces ? "in pieces" : "whole")
    }

    /// Handling in nanoseconds for each byte.
    private static func cells(_ name: String, _ count: String, _ link: Cluster.Link) -> [String] {
        [
            name, count, "\(Quantity.fixed(link.latency * 1e6, link.latency < 1e-4 ? 1 : 0)) us",
            "\(Quantity.fixed(link.bandwidth / 1e6, link.bandwidth < 1e8 ? 1 : 0)) MB/s",
            "\(Quantity.fixed(link.sendHandling * 1e9, 3)) ns/B",
            "\(Quantity.fixed(link.receiveHandling * 1e9, 3)) ns/B",
        ]
    }

    /// `61.2`, or `58.0 .. 61.2`.
    private static func span(_ values: [Double]) -> String {
        let (low, high) = (Quantity.fixed(values.min() ?? 0, 1), Quantity.fixed(values.max() ?? 0, 1))
        return low == high ? low : "\(low) .. \(high)"
    }

    /// `0-3, 8`.
    private static func runs(_ numbers: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ", ")
    }
}
