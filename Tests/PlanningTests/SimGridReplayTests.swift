import Graphs
import Tensors
import TestSupport
import Testing

@testable import Planning

/// Compares the simulator with SimGrid, which was written by others: both play the same schedules.
@Suite(.serialized, .enabled(if: SimGrid.isInstalled || Material.isRequired, "\(SimGrid.absent)"))
struct SimGridReplayTests {
    enum Bound: Sendable {
        /// What computing takes decides; messages are sent meanwhile.
        case computing
        case communication

        /// How far apart the two makespans may be, as a part of SimGrid's.
        var tolerance: Double { self == .computing ? 0.02 : 0.1 }
    }

    struct Case: Sendable, CustomStringConvertible {
        let name: String
        let bound: Bound
        var stages = 8
        var microbatches = 64
        /// Layers also use the result of the layer that is this many places before; 0 for a chain.
        var skip = 0
        var ranksPerNode = 1
        /// Of a stage, in seconds at 50 Gflop/s.
        var seconds: @Sendable (_ stage: Int) -> Double = { _ in 1e-3 }
        /// Of a rank, relative to 50 Gflop/s.
        var speed: @Sendable (_ rank: Int) -> Double = { _ in 1 }
        var byteCount = 30_000
        var eager = 1 << 16
        var acrossNodes = Cluster.Link(latency: 25e-6, bandwidth: 1.15e9)
        var withinNode = Cluster.Link(latency: 1e-6, bandwidth: 5e9)
        var unlikeLinks: [Cluster.NodePair: Cluster.Link] = [:]
        /// Of each microbatch, relative to a full one.
        var size: @Sendable (_ microbatch: Int) -> Double = { _ in 1 }
        var read = 0.0
        var write = 0.0
        /// Rank of a stage, before others of the same number.
        var place: @Sendable (_ stage: Int) -> Int = { $0 }

        var description: String { "\(name), \(stages) ranks" }
    }

    static let cases: [Case] =
        [8, 64, 1024].flatMap { stages -> [Case] in
            let microbatches = stages == 1024 ? 32 : 64
            return [
                Case(name: "equal stages", bound: .computing, stages: stages, microbatches: microbatches),
                Case(
                    name: "unequal stages and ranks, placed anywhere", bound: .computing, stages: stages,
                    microbatches: microbatches, skip: 3, ranksPerNode: 4, seconds: { 1e-3 * Double(1 + $0 % 5) },
                    speed: { $0 % 3 == 0 ? 0.5 : 1.25 }, read: 2e-4, write: 1e-3, place: { ($0 * 37 + 5) % stages }),
                Case(
                    name: "rendezvous behind computing", bound: .computing, stages: stages, microbatches: microbatches,
                    ranksPerNode: 2, byteCount: 400_000),
                Case(
                    name: "eager and more than the network carries", bound: .communication, stages: stages,
                    microbatches: microbatches, seconds: { _ in 1e-5 }, byteCount: 60_000),
                Case(
                    name: "rendezvous and more than the network carries", bound: .communication, stages: stages,
                    microbatches: microbatches, ranksPerNode: 2, seconds: { _ in 2e-4 }, byteCount: 1_000_000),
                Case(
                    name: "skips over shared interfaces", bound: .communication, stages: stages,
                    microbatches: microbatches, skip: 3, ranksPerNode: 4, seconds: { _ in 5e-4 }, byteCount: 500_000),
            ]
        } + [
            Case(
                name: "latency and little else, eager", bound: .communication, seconds: { _ in 1e-4 }, byteCount: 100,
                acrossNodes: .init(latency: 1e-3, bandwidth: 1e9)),
            Case(
                name: "latency and little else, rendezvous", bound: .communication, seconds: { _ in 1e-4 },
                byteCount: 100_000, acrossNodes: .init(latency: 1e-3, bandwidth: 1e9)),
            Case(
                name: "in pieces behind computing", bound: .computing, ranksPerNode: 2, byteCount: 400_000,
                acrossNodes: .init(latency: 25e-6, bandwidth: 1.15e9, pieceByteCount: 60_000)),
            Case(
                name: "in pieces and more than the network carries", bound: .communication, microbatches: 128,
                seconds: { _ in 2e-4 }, byteCount: 1_000_000,
                acrossNodes: .init(latency: 25e-6, bandwidth: 1.15e9, pieceByteCount: 60_000)),
            Case(
                name: "a slow link and a fast one", bound: .communication, ranksPerNode: 2, seconds: { _ in 5e-4 },
                byteCount: 500_000,
                unlikeLinks: [
                    .init(1, 2): .init(latency: 1e-3, bandwidth: 2e8),
                    .init(2, 3): .init(latency: 1e-6, bandwidth: 5e9),
                ]),
            Case(
                name: "links that differ a little and share interfaces", bound: .communication, stages: 64, skip: 3,
                ranksPerNode: 4, seconds: { _ in 5e-4 }, byteCount: 500_000,
                unlikeLinks: Dictionary(
                    uniqueKeysWithValues: (0..<15).map {
                        (.init($0, $0 + 1), .init(latency: 3e-5, bandwidth: 1.15e9 * (0.7 + 0.05 * Double($0))))
                    })),
            Case(
                name: "microbatches that differ", bound: .computing, seconds: { _ in 1e-3 }, byteCount: 60_000,
                size: { $0 % 4 == 0 ? 1.25 : 0.8 }),
            Case(
                name: "handling beside computing", bound: .computing, byteCount: 200_000,
                acrossNodes: .init(latency: 25e-6, bandwidth: 1.15e9, sendHandling: 5e-10, receiveHandling: 8e-10)),
            Case(
                name: "processors that copy eager messages", bound: .computing, byteCount: 60_000,
                acrossNodes: .init(latency: 25e-6, bandwidth: 1.15e9, sendHandling: 4e-9, receiveHandling: 1e-9)),
        ]

    /// Random plans: models with branches, nodes of several ranks, all kinds of links and sizes. Of 300 such plans, 297
    /// agree within 10 %; SMPI lets senders of eager messages run ahead forever, and messages of others that share
    /// their interface wait behind all of theirs. The last four are plans in which messages that wait for a receiver's
    /// interface must not hold up others.
    @Test(arguments: [0, 1, 2, 3, 4, 5, 20, 22, 35, 130]) func simGridSaysTheSameOfPlansDrawnAtRandom(_ seed: Int)
        throws
    {
        try hold(seed, replicas: 1)
    }

    @Test(arguments: zip([0, 1, 2, 3, 4, 5], [2, 2, 4, 4, 8, 8])) func simGridSaysTheSameOfReplicas(
        _ seed: Int, _ replicas: Int
    ) throws {
        try hold(seed, replicas: replicas)
    }

    /// - Parameter replicas: of a pipeline over as many of eight ranks.
    private func hold(_ seed: Int, replicas: Int) throws {
        try #require(SimGrid.isInstalled, "\(SimGrid.absent)")
        var random = SplitMix(UInt64(seed))
        var model = RandomModel(&random, nodeCount: 40)
        while LayerChain(model.bound).layers.count < 8 { model = RandomModel(&random, nodeCount: 40) }
        let chain = LayerChain(model.bound)
        let stageCount = 8 / replicas
        let boundaries =
            [0] + Array(1..<chain.layers.count).shuffled(using: &random).prefix(stageCount - 1).sorted()
        let ranks = (0..<8).shuffled(using: &random)
        let teams = (0..<stageCount).map { stage in
            (0..<replicas).map { PartitionPlan.Team(ranks: [ranks[stage + $0 * stageCount]]) }
        }
        let plan = PartitionPlan(
            model.bound, chain: chain, placement: Placement(boundaries: boundaries, teams: teams), strategy: "manual",
            microbatchSize: 2, modelFingerprint: "f")
        let ranksPerNode = random.integer(1...4)
        func link() -> Cluster.Link {
            .init(latency: random.choice([1e-6, 2e-5, 3e-4]), bandwidth: random.choice([1e8, 1e9, 1e10]))
        }
        let cluster = Cluster(
            ranks: (0..<8).map { .init(node: $0 / ranksPerNode, flopsPerSecond: random.choice([5e10, 1e11, 3e10])) },
            withinNode: link(), acrossNodes: link(), eagerByteCount: random.choice([0, 1 << 12, 1 << 16]))
        let microbatches = random.integer(40...80)
        let costs = ScheduleCosts(
            flopsPerSecond: 50e9,
            stageSeconds: plan.stages.map { $0.hasLayers ? 1e-4 * Double(random.integer(1...20)) : 0 },
            edgeByteCounts: plan.edges.map { _ in random.choice([100, 10_000, 50_000, 200_000]) },
            microbatchSizes: (0..<microbatches).map { $0 == microbatches - 1 ? 0.5 : 1 })
        let schedule = Schedule(of: plan, microbatchCount: microbatches)
        let timeline = try ScheduleSimulator(schedule, of: plan, costs: costs, on: cluster).timeline()
        let replayed = try replayed(schedule, plan, costs, cluster)
        let difference = abs(timeline.makespan - replayed) / replayed
        #expect(difference <= 0.1, "simulated \(timeline.makespan), SimGrid \(replayed)")
    }

    private func replayed(
        _ schedule: Schedule, _ plan: PartitionPlan, _ costs: ScheduleCosts, _ cluster: Cluster
    ) throws -> Double {
        let folder = try ScratchFolder()
        try SimGridExport(schedule, of: plan, costs: costs, on: cluster).forEachFile { try folder.write($1, to: $0) }
        return try SimGrid.makespan(script: "\(folder.path)/\(SimGridExport.scriptName)")
    }

    @Test(arguments: cases) func simGridSaysTheSame(_ example: Case) throws {
        try #require(SimGrid.isInstalled, "\(SimGrid.absent)")
        let plan = try example.plan
        let schedule = Schedule(of: plan, microbatchCount: example.microbatches)
        let (costs, cluster) = (example.costs(plan), example.cluster)
        let timeline = try ScheduleSimulator(schedule, of: plan, costs: costs, on: cluster).timeline()
        let replayed = try replayed(schedule, plan, costs, cluster)
        let difference = abs(timeline.makespan - replayed) / replayed
        #expect(
            difference <= example.bound.tolerance, "\(example): simulated \(timeline.makespan), SimGrid \(replayed)")
        // If messages took no time it would be about as fast where computing decides, and clearly faster where they do.
        var free = cluster
        free.withinNode.latency = 0
        free.withinNode.bandwidth = .infinity
        free.acrossNodes.latency = 0
        free.acrossNodes.bandwidth = .infinity
        free.unlikeLinks = [:]
        let computing = try ScheduleSimulator(schedule, of: plan, costs: costs, on: free).timeline().makespan
        let isBound = timeline.makespan > 1.25 * computing
        #expect(
            isBound == (example.bound == .communication), "\(example): \(timeline.makespan), \(computing) s computing")
    }
}

extension SimGridReplayTests.Case {
    /// A layer for each stage.
    var plan: PartitionPlan {
        get throws {
            var graph = Graph(name: "layers")
            var values = [graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(3)])]
            for layer in 0..<stages {
                let last = values[values.count - 1]
                if skip > 0, layer >= skip {
                    let early = values[values.count - 1 - skip]
                    values.append(graph.addNode(named: "layer\(layer)", .binary(Binary(.add)), [last, early]))
                } else {
                    values.append(graph.addNode(named: "layer\(layer)", .unary(Unary(.tanh)), [last]))
                }
            }
            graph.outputs = [values[values.count - 1]]
            let bound = try BoundGraph(
                graph, inputTypes: graph.inputTypes(symbols: ["batch": 2]),
                evaluate: { _, _, _ in throw GraphError("nothing to fold") })
            return PartitionPlan(
                bound, chain: LayerChain(bound),
                placement: Placement(boundaries: Array(0..<stages), ranks: (0..<stages).map(place)), strategy: "manual",
                microbatchSize: 2, modelFingerprint: "f"
            ).withMessages(of: byteCount, on: cluster)
        }
    }

    func costs(_ plan: PartitionPlan) -> ScheduleCosts {
        ScheduleCosts(
            flopsPerSecond: 50e9, stageSeconds: (0..<stages).map(seconds), readSeconds: plan.inputs.map { _ in read },
            writeSeconds: write, edgeByteCounts: plan.edges.map { _ in byteCount },
            microbatchSizes: (0..<microbatches).map(size))
    }

    var cluster: Cluster {
        Cluster(
            ranks: (0..<stages).map {
                Cluster.Rank(node: $0 / ranksPerNode, flopsPerSecond: 50e9 * speed($0))
            }, withinNode: withinNode, acrossNodes: acrossNodes, unlikeLinks: unlikeLinks, eagerByteCount: eager)
    }
}
