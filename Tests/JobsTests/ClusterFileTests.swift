import Foundation
import Planning
import Testing

@testable import Jobs

/// Cluster files: what is read, what is refused and where, and that what is written reads back.
@Suite(.timeLimit(.minutes(2))) struct ClusterFileTests {
    static let full = """
        version: 1
        nodes:
          - {name: h1, ranks: [0, 2], gigaflops: [60, 30], memory: 16}
          - {name: "h 2", ranks: [1, 3], gigaflops: 60, memory: [8, 4.5]}
          - {name: h3, ranks: [4], gigaflops: 60}
        within-node: {latency: 0.8, bandwidth: 6, receive-handling: 0.15}
        across-nodes: {latency: 25, bandwidth: 1.15, send-handling: 0.1, receive-handling: 0.2, pieces: 61440}
        links:
          - {between: [h3, h1], latency: 100, bandwidth: 0.1}
        eager: 4096
        measured:
          hosts: [h1, h2, h3]
          gigaflops: [60, 60, 30, 61, 59.5]
          memory-bandwidth: [10, 11, 10, 11, 12]
          messages:
            - {ranks: [0, 1], latency: 25, bandwidth: 1.15, bytes: [8, 1024], median: [26, 30.5], fastest: [25, 28]}
          collectives:
            - {kind: all-reduce, bytes: [1024], median: [80.5]}
          relay: {bytes: 1048576, pieces: 61440, whole: 950.5, in-pieces: 900}
          findings: ["the link between h1 and h3 is slow"]
        """

    private func issues(_ text: String) -> [String] {
        do {
            _ = try ClusterFile.parse(text, path: "c.yaml")
            return []
        } catch {
            return error.issues.map(\.description)
        }
    }

    @Test("the short form") func short() throws {
        let cluster = try ClusterFile.load(
            path: SpecificationFilesTests.root.appending(path: "jobs/clusters/ethernet.yaml").path()
        ).cluster
        #expect(cluster.ranks.count == 16)
        #expect(cluster.ranks[3] == Cluster.Rank(node: 1, flopsPerSecond: 60e9))
        #expect(cluster.link(from: 0, to: 2) == Cluster.Link(latency: 25 * 1e-6, bandwidth: 1.15e9))
        let file = try ClusterFile.parse("version: 1\nnodes: [{ranks: 2, gigaflops: 1}]", path: "c.yaml")
        #expect(file.measured == nil && file.hostWarning(running: ["a", "b"], path: "c.yaml") == nil)
    }

    @Test("all that can be said") func everything() throws {
        let cluster = try ClusterFile.parse(Self.full, path: "c.yaml").cluster
        #expect(cluster.ranks.map(\.node) == [0, 1, 0, 1, 2])
        #expect(cluster.ranks.map(\.flopsPerSecond) == [60e9, 60e9, 30e9, 60e9, 60e9])
        #expect(
            cluster.ranks.map(\.memoryByteCount) == [
                16_000_000_000, 8_000_000_000, 16_000_000_000, 4_500_000_000, nil,
            ])
        #expect(cluster.unlikeLinks.keys.map { [$0.low, $0.high] } == [[0, 2]])
        #expect(cluster.link(from: 4, to: 0).bandwidth == 1e8)
        #expect(abs(cluster.link(from: 4, to: 0).latency - 1e-4) < 1e-12)
        #expect(abs(cluster.acrossNodes.sendHandling - 1e-10) < 1e-16 && cluster.withinNode.sendHandling == 0)
        #expect(cluster.eagerByteCount == 4096)
    }

    @Test(
        "what is refused, and where",
        arguments: [
            (
                "bandwidth: 6,", "bandwidth: -6,",
                "c.yaml:6:40: within-node.bandwidth: expected a number greater than 0, found -6"
            ),
            (
                "bandwidth: 1.15, send", "bandwidth: 0, send",
                "c.yaml:7:40: across-nodes.bandwidth: expected a number greater than 0"
            ),
            ("latency: 100", "latency: .inf", "c.yaml:9:34: links.0.latency: expected a number greater than 0"),
            ("latency: 100", "latency: 1e300", "c.yaml:9:34: links.0.latency: expected a number from 1e-9 to 1e9"),
            (
                "send-handling: 0.1", "send-handling: -0.1",
                "across-nodes.send-handling: expected a number from 0, found -0.1"
            ),
            ("[h3, h1]", "[h3, h4]", "c.yaml:9:20: no node is called 'h4'"),
            ("[h3, h1]", "[h3, h3]", "c.yaml:9:15: a link is between two nodes"),
            ("[h3, h1]", "[h3]", "links.0.between: expected 2 elements, found 1"),
            ("name: h3", "name: h1", "c.yaml:5:12: two nodes are called 'h1'"),
            (
                "name: h3", "name: 3",
                "c.yaml:5:12: nodes.2.name: expected the name of a node, found 3; put it in quotes"
            ),
            ("name: h3,", "name: h3, count: 2,", "a name is for one node, and there are 2"),
            ("ranks: [4]", "ranks: 1", "c.yaml:5:23: number the ranks of all nodes, or of none"),
            ("ranks: [4]", "ranks: [3]", "c.yaml:5:24: rank 3 is already on another place"),
            ("ranks: [4]", "ranks: [5]", "there are 5 ranks, numbered from 0 to 4, and none is 5"),
            ("gigaflops: [60, 30]", "gigaflops: [60, 30, 1]", "gigaflops has 3 figures for 2 ranks"),
            ("memory: 16", "memory: 0", "nodes.0.memory: expected a number greater than 0"),
            ("memory: 16", "memory: [1, 2, 3]", "memory has 3 figures for 2 ranks"),
            ("eager:", "eagre:", "unknown key 'eagre'; did you mean 'eager'?"),
            ("hosts:", "host:", "unknown key 'host'"),
        ])
    func refused(good: String, bad: String, words: String) {
        let text = Self.full.replacing(good, with: bad, maxReplacements: 1)
        #expect(text != Self.full)
        let found = issues(text)
        #expect(found.contains { $0.contains(words) }, "\(found)")
    }

    @Test("more ranks than memory has room for") func tooMany() {
        let text = "version: 1\nnodes:\n  - {count: 1048576, ranks: 4096, gigaflops: 1}\n  - {ranks: 1, gigaflops: 1}"
        #expect(issues(text).contains { $0.contains("more than 1048576 ranks in all") })
    }

    @Test("the same link twice") func twice() {
        let text = Self.full.replacing("links:\n", with: "links:\n  - {between: [h1, h3], latency: 1, bandwidth: 1}\n")
        #expect(issues(text).contains { $0.contains("c.yaml:10:15") && $0.contains("stands here twice") })
    }

    @Test("what is written reads back to the same") func roundTrip() throws {
        let original = try ClusterFile.parse(Self.full, path: "c.yaml")
        #expect(try ClusterFile.parse(original.text(heading: ["a comment"]), path: "d.yaml") == original)
        var generator = Seeded(state: 7)
        for _ in 0..<500 {
            let file = ClusterFile.random(using: &generator)
            let text = file.text(heading: ["comment: {"])
            do {
                let read = try ClusterFile.parse(text, path: "c.yaml")
                #expect(read == file, "\(text)")
            } catch {
                Issue.record("\(error) in \(text)")
            }
        }
    }

    @Test("a calibration is a file, with the figures to four digits") func calibration() throws {
        let speeds = [61.23456e9, 58e9, 61.23456e9, 58e9].map {
            ClusterMeasurement.Speed(flopsPerSecond: $0, memoryBytesPerSecond: 1.25e10)
        }
        func pair(_ ranks: [Int], _ nodes: [Int], _ link: Cluster.Link) -> ClusterMeasurement.Pair {
            ClusterMeasurement.Pair(
                ranks: ranks, nodes: nodes, times: [MessageTime(byteCount: 8, rounds: [link.latency])], link: link,
                hasHandling: true)
        }
        // Ranks in turn on two nodes.
        let measurement = ClusterMeasurement(
            nodes: [.init(name: "a", host: "a", ranks: [0, 2]), .init(name: "b", host: "b", ranks: [1, 3])],
            speeds: speeds,
            pairs: [
                pair(
                    [0, 2], [0, 0], Cluster.Link(latency: 1.23456e-6, bandwidth: 5.4321e9, receiveHandling: 1.8e-10)),
                pair([0, 1], [0, 1], Cluster.Link(latency: 2.1e-4, bandwidth: 1.16e8, sendHandling: 1e-9)),
            ], collectives: [.init(kind: .allGather, byteCount: 1024, seconds: 1e-3)],
            relay: .init(byteCount: 1 << 20, pieceByteCount: 61440, wholeSeconds: 10e-3, piecesSeconds: 9e-3))
        let file = ClusterFile(measurement)
        #expect(try ClusterFile.parse(file.text(), path: "c.yaml") == file)
        let cluster = file.cluster
        #expect(cluster.ranks.map(\.node) == [0, 1, 0, 1])
        #expect(cluster.ranks.map(\.flopsPerSecond) == [61.23e9, 58e9, 61.23e9, 58e9])
        #expect(abs(cluster.withinNode.latency / 1.235e-6 - 1) < 1e-9 && cluster.withinNode.bandwidth == 5.432e9)
        #expect(abs(cluster.acrossNodes.sendHandling / 1e-9 - 1) < 1e-9)
        #expect(cluster.acrossNodes.pieceByteCount == 61440 && cluster.withinNode.pieceByteCount == nil)
        #expect(file.measuredHosts == ["a", "b", "a", "b"])
        #expect(file.hostWarning(running: ["a", "b", "a", "b"], path: "c.yaml") == nil)
        #expect(file.hostWarning(running: ["a", "b"], path: "c.yaml") == nil, "fewer ranks are no other hosts")
        let moved = try #require(file.hostWarning(running: ["a", "c"], path: "c.yaml"))
        #expect(moved.contains("c.yaml was calibrated on a, b, and this job runs on a, c"))
        let turned = try #require(file.hostWarning(running: ["a", "a", "b", "b"], path: "c.yaml"))
        #expect(turned.contains("rank 1 was on b and is on a now"))
    }

    @Test("damaged files are an error or a file, never a crash") func randomMutations() {
        var generator = Seeded(state: 11)
        let original = Array(Self.full.utf8)
        let pieces = [
            "- ", ": ", "{", "}", "[", "]", "\n", "  ", "\"", "#", "-", "9", "e999", "0", ",", "h1", "~", "\0", "é",
        ]
        var goodCount = 0
        for _ in 0..<3000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[position] = .random(in: 32...126, using: &generator)
                case 1: bytes.remove(at: position)
                case 2: bytes.insert(contentsOf: pieces.randomElement(using: &generator)!.utf8, at: position)
                default: bytes.removeSubrange(position..<min(bytes.count, position + 12))
                }
            }
            do {
                let file = try ClusterFile.parse(String(decoding: bytes, as: UTF8.self), path: "c.yaml")
                #expect(!file.cluster.ranks.isEmpty)
                _ = file.hostWarning(running: ["x", "h1"], path: "c.yaml")
                goodCount += 1
            } catch {
                #expect(!error.issues.isEmpty)
            }
        }
        #expect(goodCount > 0)
    }
}

extension ClusterFile {
    fileprivate static func random(using generator: inout Seeded) -> ClusterFile {
        func number() -> Double {
            let value = Double.random(in: 0.5...9.5, using: &generator)
            return [value * 1e-6, value, value * 1e6, value.rounded()].randomElement(using: &generator)!
        }
        func numbers(_ count: Int) -> [Double] {
            Bool.random(using: &generator) ? [number()] : (0..<count).map { _ in number() }
        }
        func link() -> Link {
            var link = Link(latency: number(), bandwidth: number())
            if Bool.random(using: &generator) { link.sendHandling = number() }
            if Bool.random(using: &generator) { link.receiveHandling = number() }
            return link
        }
        let names = [
            "h1", "true", "1", "a b", "node-2.example", "\"", "\\", "é", "\u{1F600}", "~", "null", "0x1", "\n", "- a",
            "#",
        ]
        .shuffled(using: &generator)
        var file = ClusterFile()
        let isNumbered = Bool.random(using: &generator)
        var next = 0
        for name in names.prefix(Int.random(in: 1...6, using: &generator)) {
            var nodes = Nodes(name: name)
            let count = Int.random(in: 1...3, using: &generator)
            nodes.ranks = isNumbered ? .numbers(Array(next..<next + count)) : .count(count)
            next += count
            nodes.gigaflops = numbers(count)
            if Bool.random(using: &generator) { nodes.memory = numbers(count) }
            file.nodes.append(nodes)
        }
        if !isNumbered { file.nodes.append(Nodes(count: 7, ranks: .count(2))) }
        if Bool.random(using: &generator) { file.withinNode = link() }
        if Bool.random(using: &generator) { file.acrossNodes = link() }
        let named = file.nodes.compactMap(\.name)
        if named.count > 1 { file.links = [NamedLink(between: [named[0], named[1]], link: link())] }
        file.eager = Int.random(in: 0...1 << 30, using: &generator)
        if Bool.random(using: &generator) {
            file.measured = Measured(
                hosts: named, gigaflops: [number()], memoryBandwidth: (0..<next).map { _ in number() },
                messages: [
                    Messages(
                        ranks: [0, 1], latency: 0, bandwidth: number(), bytes: [8], median: [number()], fastest: [0])
                ],
                collectives: [Collective(kind: "all-gather", bytes: [1], median: [number()])],
                findings: ["a: \(named[0])"])
        }
        return file
    }
}
