import Graphs
import TestSupport
import Testing

@testable import Planning

/// Plans that differ by one block, and costs that a run has corrected.
@Suite struct PlanChangeTests {
    private struct Case {
        let chain: LayerChain
        let plan: PartitionPlan
        let starts: [Int]

        init(_ random: inout SplitMix) throws {
            var model = RandomModel(&random, nodeCount: random.integer(3...12))
            while LayerChain(model.bound).layers.count < 3 { model = RandomModel(&random, nodeCount: 12) }
            let bound = model.bound
            chain = LayerChain(bound)
            let stageCount = random.integer(1...min(4, chain.stageLimit))
            let problem = PartitionProblem(chain, stageCount: stageCount)
            let placement = RandomStrategy(seed: UInt64(random.integer(0...1000))).placement(for: problem)
            starts = placement.boundaries
            plan = PartitionPlan(
                bound, chain: chain, placement: placement, strategy: "random", microbatchSize: 2, modelFingerprint: "f")
        }
    }

    @Test func movesChangeOneCutByOneBlock() throws {
        var random = SplitMix(90)
        var count = 0
        for _ in 0..<300 {
            let test = try Case(&random)
            let blocks = test.chain.blockStarts
            var expected: Set<[Int]> = []
            for cut in test.starts.indices.dropFirst() {
                for step in [-1, 1] {
                    let block = blocks.firstIndex(of: test.starts[cut])! + step
                    guard blocks.indices.contains(block) else { continue }
                    var changed = test.starts
                    changed[cut] = blocks[block]
                    if zip(changed, changed.dropFirst()).allSatisfy(<) { expected.insert(changed) }
                }
            }
            let moves = PlanChange.moves(of: test.plan, chain: test.chain)
            #expect(Set(moves.map(\.placement.boundaries)) == expected && moves.count == expected.count)
            #expect(moves.allSatisfy { $0.placement.teams == test.plan.stages.map(\.teams) })
            count += moves.count
        }
        #expect(count > 300)
    }

    @Test func fittedCostsAddUpToWhatStagesTook() throws {
        var random = SplitMix(91)
        for _ in 0..<300 {
            let test = try Case(&random)
            let cluster = Cluster(
                ranks: test.plan.stages.map { _ in
                    Cluster.Rank(node: 0, flopsPerSecond: Double(random.integer(1...4)))
                }, withinNode: .init(latency: 0, bandwidth: 1), acrossNodes: .init(latency: 0, bandwidth: 1))
            let costs = LayerCosts(
                origin: .operations, flopsPerSecond: 2,
                layers: test.chain.layers.map { _ in Double(random.integer(0...9)) }, stage: 1)
            let measured = test.plan.stages.map { _ in Double(random.integer(1...9)) }
            let fitted = costs.fitted(to: measured, of: test.plan, on: cluster)
            let simulated = ScheduleCosts(test.plan, costs: fitted, microbatchSizes: [1])
            for stage in test.plan.stages {
                let seconds = simulated.compute(stage: stage.index, microbatch: 0, on: cluster.ranks[stage.ranks[0]])
                #expect(abs(seconds - measured[stage.index]) < 1e-9)
            }
        }
    }

    @Test func seededCutsAreSpreadEvenly() {
        let layers = (0..<6).map {
            LayerChain.Layer(
                node: NodeID($0), name: "layer\($0)", operatorName: "Relu", flops: 1, parameterCount: 0,
                parameterByteCount: 0)
        }
        let chain = LayerChain(layers: layers, cutByteCounts: [Double](repeating: 0, count: 7))
        var counts: [[Int]: Int] = [:]
        let seeds = 10_000
        for seed in 0..<seeds {
            let placement = RandomStrategy(seed: UInt64(seed)).placement(
                for: PartitionProblem(chain, stageCount: 3))
            counts[placement.boundaries, default: 0] += 1
        }
        // 2 cuts out of 5 places: 10 sets, each about 1,000 times; 5 standard deviations are 150.
        #expect(counts.count == 10)
        #expect(counts.values.allSatisfy { abs($0 - seeds / 10) < 150 })
    }
}
