import Graphs
import TestSupport
import Testing

@testable import Planning

/// Who computes which microbatch, for every distribution.
@Suite struct LaneSharingTests {
    private static let distributions: [Distribution] = [
        .cyclic, .block, .random(seed: 3), .byShape, .bySize, .weighted, .longestFirst, .dynamic(.fixed(1)),
        .dynamic(.fixed(3)), .dynamic(.guided), .dynamic(.factoring), .leastLoaded,
    ]

    /// A plan of whole pipelines.
    private static func plan(
        _ random: inout SplitMix, _ distribution: Distribution, lanes: Int
    ) -> (plan: PartitionPlan, model: RandomModel, layers: [NodeID]) {
        let model = RandomModel(&random, nodeCount: random.integer(1...10))
        let chain = LayerChain(model.bound)
        let count = random.integer(1...min(4, chain.layers.count))
        let starts = [0] + Array(1..<chain.layers.count).shuffled(using: &random).prefix(count - 1).sorted()
        let plan = PartitionPlan(
            model.bound, chain: chain, placement: Placement(boundaries: starts).replicated(lanes), strategy: "random",
            microbatchSize: RandomModel.items, modelFingerprint: "f", policy: SchedulePolicy(distribution))
        return (plan, model, chain.layers.map(\.node))
    }

    private static func work(_ random: inout SplitMix, count: Int) -> WorkTable {
        var work = WorkTable()
        for _ in 0..<count {
            let shape = random.integer(0...3)
            work.append(size: [1, 0.1, 4, 0.5][shape], shape: shape)
        }
        if random.once(in: 3) { work.setOrder(Array(0..<count).shuffled(using: &random)) }
        return work
    }

    @Test("each microbatch goes to one lane, and the schedule computes the model", arguments: 0..<60)
    func schedules(seed: Int) throws {
        var random = SplitMix(UInt64(seed) + 900)
        for distribution in LaneSharingTests.distributions {
            let (lanes, count) = (random.integer(1...4), random.integer(0...12))
            let (plan, model, layers) = LaneSharingTests.plan(&random, distribution, lanes: lanes)
            let work = LaneSharingTests.work(&random, count: count)
            let paces = (0..<lanes).map { _ in Double(random.integer(1...8)) }
            let sharing = LaneSharing(plan, work: work, paces: paces)
            #expect(sharing.counts(laneCount: lanes).reduce(0, +) == count)
            #expect(sharing.order.isEmpty || Set(sharing.order).count == count)
            let schedule = Schedule(of: plan, sharing: sharing)
            try ScheduleVerifier.verify(schedule, of: plan, layers: layers) { model.graph.nodes[$0.index].name }
            var simulation = ScheduleSimulation(plan, model.bound, sharing: sharing)
            try simulation.carryOut(schedule, &random)
            let costs = ScheduleCosts(
                flopsPerSecond: 1, stageSeconds: plan.stages.map { $0.hasLayers ? 1 : 0 },
                edgeByteCounts: plan.edges.map { _ in 0 }, microbatchSizes: work.sizes.map(Double.init))
            let cluster = Cluster(
                ranks: (0..<plan.rankCount).map { _ in .init(node: 0, flopsPerSecond: 1) },
                withinNode: .init(latency: 0, bandwidth: 1e9), acrossNodes: .init(latency: 0, bandwidth: 1e9))
            _ = try ScheduleSimulator(schedule, of: plan, costs: costs, on: cluster).timeline()
        }
    }

    /// The loads of the lanes.
    private func loads(_ sharing: LaneSharing, _ work: WorkTable, _ paces: [Double]) -> [Double] {
        var loads = paces.map { _ in 0.0 }
        for (microbatch, lane) in sharing.lanes.enumerated() {
            loads[Int(lane)] += Double(work.sizes[microbatch]) * paces[Int(lane)]
        }
        return loads
    }

    /// By trying all assignments.
    private func bestMakespan(_ work: WorkTable, _ paces: [Double]) -> Double {
        var best = Double.infinity
        func place(_ microbatch: Int, _ loads: [Double]) {
            guard loads.max()! < best else { return }
            guard microbatch < work.count else {
                best = loads.max()!
                return
            }
            for lane in loads.indices {
                var more = loads
                more[lane] += Double(work.sizes[microbatch]) * paces[lane]
                place(microbatch + 1, more)
            }
        }
        place(0, paces.map { _ in 0 })
        return best
    }

    @Test("shares are as good as they are known to be", arguments: 0..<40)
    func makespans(seed: Int) throws {
        var random = SplitMix(UInt64(seed) + 70)
        let lanes = random.integer(2...3)
        var work = WorkTable()
        for index in 0..<random.integer(lanes...9) { work.append(size: Double(random.integer(1...20)), shape: index) }
        let best = bestMakespan(work, [Double](repeating: 1, count: lanes))
        func makespan(_ distribution: Distribution) -> Double {
            let plan = LaneSharingTests.plan(&random, distribution, lanes: lanes).plan
            let paces = [Double](repeating: 1, count: lanes)
            return loads(LaneSharing(plan, work: work, paces: paces), work, paces).max()!
        }
        // Graham, 1969: 4/3 - 1/(3 m) for the longest first, 2 - 1/m for any order.
        #expect(makespan(.longestFirst) <= best * (4 - 1 / Double(lanes)) / 3 + 1e-9)
        #expect(makespan(.dynamic(.fixed(1))) <= best * (2 - 1 / Double(lanes)) + 1e-9)
        #expect(makespan(.leastLoaded) <= best * (2 - 1 / Double(lanes)) + 1e-9)
    }

    @Test func lanesGetTheirShareOfTheSpeed() {
        var random = SplitMix(5)
        let plan = LaneSharingTests.plan(&random, .weighted, lanes: 3).plan
        let sharing = LaneSharing(plan, work: WorkTable(alike: 70), paces: [1, 2, 4])
        #expect(sharing.counts(laneCount: 3) == [40, 20, 10])
        // In the long run, and in each part of it.
        #expect(sharing.lanes.prefix(7).filter { $0 == 0 }.count == 4)
    }

    @Test func shapesStayTogether() {
        var random = SplitMix(6)
        let plan = LaneSharingTests.plan(&random, .byShape, lanes: 2).plan
        var work = WorkTable()
        for index in 0..<20 { work.append(size: index % 2 == 0 ? 1 : 3, shape: index % 2) }
        let sharing = LaneSharing(plan, work: work, paces: [1, 1])
        // 10 of size 1 and 10 of size 3: 40 in all, so that the first lane has all small ones and 3 of the others.
        let lanes = (0..<20).map { Int(sharing.lanes[$0]) }
        #expect((0..<20).filter { $0 % 2 == 0 }.allSatisfy { lanes[$0] == 0 })
        #expect((0..<20).filter { $0 % 2 == 1 && lanes[$0] == 0 }.count == 3)
    }

    @Test func chunksShrink() {
        func lengths(_ chunking: Chunking, _ count: Int, _ lanes: Int) -> [Int] {
            chunking.chunks(microbatchCount: count, laneCount: lanes).map(\.count)
        }
        #expect(lengths(.fixed(4), 10, 3) == [4, 4, 2])
        // ceil(R / P): 100 over 4, Polychronopoulos and Kuck.
        #expect(lengths(.guided, 100, 4).prefix(6) == [25, 19, 14, 11, 8, 6])
        // ceil(R / 2P), P times: 100 over 4, Hummel, Schonberg and Flynn.
        #expect(lengths(.factoring, 100, 4).prefix(9) == [13, 13, 13, 13, 6, 6, 6, 6, 3])
        for chunking in [Chunking.fixed(1), .fixed(7), .guided, .factoring] {
            for count in 0...40 {
                let chunks = chunking.chunks(microbatchCount: count, laneCount: 3)
                #expect(chunks.flatMap { Array($0) } == Array(0..<count))
            }
        }
    }
}
