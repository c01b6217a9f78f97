import Graphs
import Tensors
import TestSupport
import Testing

@testable import Planning

/// Predictions, compared with closed formulas and against what must hold for any of them.
@Suite struct ScheduleSimulatorTests {
    /// A chain of equal layers, one on each stage.
    private func plan(stages: Int) throws -> PartitionPlan {
        var graph = Graph(name: "chain")
        var value = graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(3)])
        for layer in 0..<stages { value = graph.addNode(named: "layer\(layer)", .unary(Unary(.tanh)), [value]) }
        graph.outputs = [value]
        let bound = try BoundGraph(
            graph, inputTypes: graph.inputTypes(symbols: ["batch": 2]),
            evaluate: { _, _, _ in throw GraphError("nothing to fold") })
        return try PartitionPlan(
            bound, PartitionProblem(LayerChain(bound), stageCount: stages), strategy: UniformStrategy(),
            microbatchSize: 2,
            modelFingerprint: "f")
    }

    private func cluster(_ count: Int, ranksPerNode: Int, _ link: Cluster.Link, eager: Int = .max) -> Cluster {
        Cluster(
            ranks: (0..<count).map { Cluster.Rank(node: $0 / ranksPerNode, flopsPerSecond: 1) }, withinNode: link,
            acrossNodes: link, eagerByteCount: eager)
    }

    private func timeline(
        _ plan: PartitionPlan, microbatches: Int, flops: [Double], bytes: Int, on cluster: Cluster
    ) throws -> Timeline {
        let costs = ScheduleCosts(
            flopsPerSecond: 1, stageSeconds: flops, edgeByteCounts: plan.edges.map { _ in bytes },
            microbatchSizes: [Double](repeating: 1, count: microbatches))
        return try ScheduleSimulator(
            Schedule(of: plan, microbatchCount: microbatches), of: plan, costs: costs, on: cluster
        ).timeline()
    }

    private func close(_ left: Double, _ right: Double) -> Bool { abs(left - right) <= 1e-9 * max(left, right, 1) }

    @Test func equalStagesFollowTheFormulaOfPipelines() throws {
        // p stages of t seconds, messages of latency l and transfer time d: the first microbatch passes all stages, and
        // each later one follows after what takes longest.
        for stages in [1, 2, 3, 8, 17] {
            let plan = try plan(stages: stages)
            for (t, l, d) in [(1.0, 0.0, 0.0), (1, 0.25, 0.5), (1, 0.5, 2), (0.25, 1, 0.5)] {
                for microbatches in [1, 2, 5, 40] {
                    let cluster = cluster(stages, ranksPerNode: 1, .init(latency: l, bandwidth: 100 / max(d, 1e-9)))
                    let found = try timeline(
                        plan, microbatches: microbatches, flops: [Double](repeating: t, count: stages),
                        bytes: d == 0 ? 0 : 100, on: cluster)
                    let p = Double(stages)
                    let slowest = stages == 1 ? t : max(t, d)
                    let expected = p * t + (p - 1) * (l + d) + Double(microbatches - 1) * slowest
                    let about =
                        "\(stages) stages, \(microbatches) microbatches, t \(t) l \(l) d \(d): \(found.makespan)"
                    #expect(close(found.makespan, expected), "\(about)")
                    // Above the eager limit, where messages are under way for longer than the send buffers last, senders
                    // wait too.
                    var rendezvous = cluster
                    rendezvous.eagerByteCount = 0
                    let later = try timeline(
                        plan, microbatches: microbatches, flops: [Double](repeating: t, count: stages),
                        bytes: 100, on: rendezvous)
                    if d > 0 { #expect(later.makespan >= expected + (p - 1) * 2 * l - 1e-9, "\(about)") }
                    if d > 0, 3 * l + d <= t { #expect(close(later.makespan, expected + (p - 1) * 2 * l), "\(about)") }
                }
            }
        }
    }

    @Test func largeMessagesTakeThreeLatencies() throws {
        let plan = try plan(stages: 2)
        let link = Cluster.Link(latency: 0.5, bandwidth: 1000)
        let eager = try timeline(
            plan, microbatches: 1, flops: [1, 1], bytes: 1000, on: cluster(2, ranksPerNode: 1, link, eager: 1000))
        #expect(close(eager.makespan, 1 + 0.5 + 1 + 1))
        let rendezvous = try timeline(
            plan, microbatches: 1, flops: [1, 1], bytes: 1000, on: cluster(2, ranksPerNode: 1, link, eager: 999))
        #expect(close(rendezvous.makespan, 1 + 3 * 0.5 + 1 + 1))
    }

    @Test func messagesInPiecesLeaveAtOnce() throws {
        let link = Cluster.Link(latency: 0.5, bandwidth: 1000, pieceByteCount: 100)
        let cluster = cluster(2, ranksPerNode: 1, link, eager: 99)
        let plan = try plan(stages: 2).withMessages(of: 1000, on: cluster)
        #expect(plan.edges.map(\.pieceCount) == [10])
        let one = try timeline(plan, microbatches: 1, flops: [1, 1], bytes: 1000, on: cluster)
        #expect(close(one.makespan, 1 + 0.5 + 1 + 1))
        // A buffer is the sender's again when the receiver is known to be ready: latency there and back, and at least
        // until all has left. It has two, so that two messages take as long as that.
        let many = try timeline(plan, microbatches: 41, flops: [0.5, 0.5], bytes: 1000, on: cluster)
        let first = 0.5 + 0.5 + 1 + 0.5
        #expect(close(many.makespan, first + 40))
        var far = cluster
        far.acrossNodes.latency = 10
        let later = try timeline(plan, microbatches: 41, flops: [0.5, 0.5], bytes: 1000, on: far)
        let pair = (later.makespan - 12) / 20
        #expect(pair >= 20 && pair <= 21, "\(later.makespan)")
        // A receiver that computes for long takes no more than it has buffers for.
        let late = try timeline(plan, microbatches: 20, flops: [0.1, 10], bytes: 1000, on: cluster)
        #expect(late.ranks[0].elapsed > 15 * 10)
    }

    @Test func ranksOfANodeShareItsInterface() throws {
        // Stages 0 and 1 on one node, 2 and 3 on another; every message crosses between 1 and 2 only.
        let plan = try plan(stages: 4)
        let fast = Cluster.Link(latency: 0, bandwidth: 1e12)
        var cluster = cluster(4, ranksPerNode: 2, fast)
        cluster.acrossNodes = .init(latency: 0, bandwidth: 100)
        let found = try timeline(plan, microbatches: 10, flops: [1, 1, 1, 1], bytes: 300, on: cluster)
        // The border takes 3 s a microbatch and everything else happens meanwhile.
        #expect(close(found.makespan, 2 + 10 * 3 + 2))
        let last = found.ranks[2]
        #expect(close(last[.compute], 10) && close(last[.transfer] + last[.wait], found.makespan - 1 - 10))
        #expect(last[.transfer] > 0.9 * (last[.wait] + last[.transfer] - 2))
    }

    @Test func eagerMessagesDoNotHoldTheirSenderBack() throws {
        // Ten microbatches are computed while the first is under way.
        let plan = try plan(stages: 2)
        let link = Cluster.Link(latency: 100, bandwidth: 1000)
        let eager = cluster(2, ranksPerNode: 1, link, eager: 100)
        let found = try timeline(plan, microbatches: 10, flops: [1, 1], bytes: 100, on: eager)
        #expect(close(found.makespan, 1 + 100.1 + 10) && close(found.ranks[0].elapsed, 10))
        // Beyond the limit a buffer is taken until the message is there: two at a time.
        let rendezvous = cluster(2, ranksPerNode: 1, link, eager: 99)
        let later = try timeline(plan, microbatches: 10, flops: [1, 1], bytes: 100, on: rendezvous)
        #expect(later.makespan > 5 * 300)
    }

    @Test func aRankCopiesOneMessageAfterAnother() throws {
        // Both later stages need what the first one makes; all of them are on one node.
        var graph = Graph(name: "fork")
        let input = graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(3)])
        let first = graph.addNode(named: "first", .unary(Unary(.tanh)), [input])
        let second = graph.addNode(named: "second", .unary(Unary(.tanh)), [first])
        graph.outputs = [graph.addNode(named: "third", .binary(Binary(.add)), [first, second])]
        let bound = try BoundGraph(
            graph, inputTypes: graph.inputTypes(symbols: ["batch": 2]),
            evaluate: { _, _, _ in throw GraphError("nothing to fold") })
        let plan = try PartitionPlan(
            bound, PartitionProblem(LayerChain(bound), stageCount: 3), strategy: UniformStrategy(), microbatchSize: 2,
            modelFingerprint: "f")
        let cluster = cluster(3, ranksPerNode: 3, .init(latency: 0, bandwidth: 100))
        // Messages of 10 s from 0 to 1, from 0 to 2 and from 1 to 2: no two are copied at the same time, since the
        // first two have the sender in common, and the last two the receiver.
        let found = try timeline(plan, microbatches: 1, flops: [1, 1, 1], bytes: 1000, on: cluster)
        #expect(close(found.makespan, 1 + 10 + 10 + 10 + 1))
    }

    @Test func handlingTakesTheProcessorsTime() throws {
        let plan = try plan(stages: 2)
        let link = Cluster.Link(latency: 0, bandwidth: 1e9, sendHandling: 0.01, receiveHandling: 0.03)
        for eager in [0, 1000] {
            let cluster = cluster(2, ranksPerNode: 1, link, eager: eager)
            let found = try timeline(plan, microbatches: 11, flops: [4, 2], bytes: 100, on: cluster)
            // The first rank computes for 4 s and sends for 1 s. The second one waits for what comes, and handles it
            // meanwhile.
            #expect(abs(found.ranks[0].elapsed - 11 * 5) <= 1.001 && abs(found.ranks[0][.communicate] - 11) <= 1.001)
            #expect(found.ranks[1][.communicate] == 0)
        }
        // Where the second one computes for longer, handling is added.
        let busy = try timeline(
            plan, microbatches: 11, flops: [2, 4], bytes: 100, on: cluster(2, ranksPerNode: 1, link, eager: 1000))
        #expect(abs(busy.makespan - (3 + 11 * 4 + 10 * 3)) <= 3.001, "\(busy.makespan)")
    }

    @Test func theSlowestStageBoundsThePipeline() throws {
        var random = SplitMix(40)
        for _ in 0..<200 {
            let stages = random.integer(1...6)
            let plan = try plan(stages: stages)
            let flops = (0..<stages).map { _ in Double(random.integer(1...20)) }
            let microbatches = random.integer(1...20)
            let link = Cluster.Link(latency: Double(random.integer(0...3)), bandwidth: Double(random.integer(1...50)))
            let ranksPerNode = random.integer(1...3)
            let cluster = cluster(stages, ranksPerNode: ranksPerNode, link, eager: random.choice([0, 1000]))
            let found = try timeline(plan, microbatches: microbatches, flops: flops, bytes: 20, on: cluster)
            #expect(found.makespan >= flops.max()! * Double(microbatches))
            #expect(found.makespan >= flops.reduce(0, +))
            for rank in found.ranks {
                let busy = rank[.compute] + rank[.wait] + rank[.transfer]
                #expect(close(busy, rank.elapsed), "a rank's time adds up")
                #expect(close(rank[.compute], flops[rank.rank] * Double(microbatches)))
            }
            // Better hardware never makes it slower.
            var better = cluster
            better.acrossNodes.bandwidth *= 2
            better.withinNode.bandwidth *= 2
            let faster = try timeline(plan, microbatches: microbatches, flops: flops, bytes: 20, on: better)
            #expect(faster.makespan <= found.makespan + 1e-9)
        }
    }
}
