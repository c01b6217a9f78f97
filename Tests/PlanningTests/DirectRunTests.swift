import Graphs
import Tensors
import TestSupport
import Testing

@testable import Planning

/// Simulations without events, compared with those with.
@Suite struct DirectRunTests {
    /// A cluster on which ranks share ways sometimes, and messages are handled sometimes.
    private func cluster(_ random: inout SplitMix, rankCount: Int) -> Cluster {
        func link() -> Cluster.Link {
            Cluster.Link(
                latency: random.choice([0, 0.1, 1, 7]), bandwidth: random.choice([0.5, 3, 40]),
                sendHandling: random.once(in: 12) ? 0.1 : 0, receiveHandling: random.once(in: 12) ? 0.1 : 0,
                pieceByteCount: random.once(in: 3) ? 3 : nil)
        }
        let perNode = random.integer(1...3)
        let isMixed = random.once(in: 6)
        return Cluster(
            ranks: (0..<rankCount).map {
                Cluster.Rank(
                    node: isMixed ? random.integer(0...2) : $0 / perNode, flopsPerSecond: random.choice([1, 2, 3.5]))
            }, withinNode: link(), acrossNodes: link(),
            unlikeLinks: random.once(in: 4) ? [Cluster.NodePair(0, 1): link()] : [:],
            eagerByteCount: random.choice([0, 8, 1_000_000]))
    }

    @Test func saysWhatEventsSay() throws {
        var random = SplitMix(90)
        var (direct, total) = (0, 0)
        for _ in 0..<1500 {
            let model = RandomModel(&random, nodeCount: random.integer(1...10))
            let chain = LayerChain(model.bound)
            let stageCount = random.integer(1...min(8, chain.stageLimit))
            let cluster = cluster(&random, rankCount: stageCount)
            let plan = try PartitionPlan(
                model.bound,
                PartitionProblem(
                    chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: 1), cluster: cluster,
                    stageCount: stageCount), strategy: UniformStrategy(), microbatchSize: 2, modelFingerprint: "f")
            let count = random.integer(0...20)
            let costs = ScheduleCosts(
                flopsPerSecond: 1, stageSeconds: plan.stages.map { _ in random.choice([0, 0.3, 1, 4.7]) },
                readSeconds: plan.inputs.map { _ in random.choice([0, 0.2]) },
                writeSeconds: random.choice([0, 0.15]), edgeByteCounts: plan.edges.map(\.byteCount),
                microbatchSizes: (0..<count).map { _ in random.once(in: 8) ? 0.5 : 1 })
            func schedule(_ count: Int) -> Schedule { Schedule(of: plan, microbatchCount: count) }
            func events(_ count: Int, spanLimit: Int = 0) throws -> Timeline {
                try ScheduleSimulator(schedule(count), of: plan, costs: costs, on: cluster)
                    .timeline(spanLimit: spanLimit)
            }
            let pattern = try #require(SchedulePattern(of: plan))
            let run = DirectRun(
                pattern, of: plan, costs: costs, on: cluster, microbatchCount: count, spanLimit: 30)
            total += 1
            let found = try PipelineSimulator(plan, costs: costs, on: cluster)
                .run(microbatchCount: count, shorter: [count / 2], spanLimit: 30)
            let expected = try events(count, spanLimit: 30)
            #expect(found.timeline == expected)
            #expect(found.shorter == [try events(count / 2).makespan])
            guard let run else { continue }
            direct += 1
            #expect(run.timeline == expected)
            for count in 0..<count { #expect(run.ends[count] == (try events(count + 1).makespan)) }
        }
        #expect(direct > total / 3 && direct < total)
    }

    @Test func knowsWhereListsDoNotRepeat() throws {
        var random = SplitMix(91)
        let model = RandomModel(&random, nodeCount: 6)
        let chain = LayerChain(model.bound)
        let plan = try PartitionPlan(
            model.bound, PartitionProblem(chain, stageCount: 2), strategy: UniformStrategy(), microbatchSize: 2,
            modelFingerprint: "f")
        let schedule = Schedule(of: plan, microbatchCount: SchedulePattern.sampleCount)
        #expect(SchedulePattern(schedule, of: plan) != nil)
        #expect(SchedulePattern(Schedule(of: plan, microbatchCount: 3), of: plan) == nil)
        // Outputs that are kept until the end.
        var lists = schedule.actions
        let last = plan.stages[1].ranks[0]
        lists[last] =
            lists[last].filter { if case .write = $0 { false } else { true } }
            + (0..<schedule.microbatchCount).map { .write(stage: 1, microbatch: $0) }
        #expect(SchedulePattern(Schedule(microbatchCount: schedule.microbatchCount, actions: lists), of: plan) == nil)
    }
}
