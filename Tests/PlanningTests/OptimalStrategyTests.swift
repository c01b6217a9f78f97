import Graphs
import TestSupport
import Testing

@testable import Planning

/// The optimal plan, compared with all possible plans.
@Suite struct OptimalStrategyTests {
    /// A chain with skips, on ranks of different speed and memory, on nodes with different links.
    private struct Case {
        let problem: PartitionProblem

        init(_ random: inout SplitMix) {
            let count = random.integer(1...7)
            let layers = (0..<count).map { index in
                LayerChain.Layer(
                    node: NodeID(index), name: "layer\(index)", operatorName: "Relu", flops: 1, parameterCount: 1,
                    parameterByteCount: random.integer(0...100))
            }
            var values = (0..<max(0, count - 1)).map {
                LayerChain.Value(byteCount: Double(random.integer(0...200)), home: $0, takers: [$0 + 1])
            }
            for _ in 0..<random.integer(0...4) where count > 2 {
                let home = random.integer(0...count - 2)
                let takers = (home + 1..<count).filter { _ in random.once(in: 2) }
                values.append(.init(byteCount: Double(random.integer(0...200)), home: home, takers: takers))
            }
            let isCuttable = random.once(in: 4) ? layers.indices.map { $0 == 0 || !random.once(in: 3) } : nil
            let chain = LayerChain(layers: layers, values: values, isCuttable: isCuttable)
            let stageCount = random.integer(1...min(4, chain.stageLimit))
            let speeds = random.choice([[1.0], [1, 2], [1, 2, 3, 5]])
            let memories: [Int?] = random.choice([[nil], [nil, 400], [300, 500, 900]])
            let nodeCount = random.integer(1...3)
            let ranks = (0..<stageCount).map { _ in
                Cluster.Rank(
                    node: random.integer(0...nodeCount - 1), flopsPerSecond: random.choice(speeds),
                    memoryByteCount: random.choice(memories))
            }
            func link() -> Cluster.Link {
                Cluster.Link(
                    latency: Double(random.integer(0...3)), bandwidth: Double(random.integer(5...100)),
                    receiveHandling: random.choice([0, 0.25]))
            }
            var unlike: [Cluster.NodePair: Cluster.Link] = [:]
            if random.once(in: 3) { unlike[Cluster.NodePair(0, 1)] = link() }
            let cluster = Cluster(
                ranks: ranks, withinNode: link(), acrossNodes: link(), unlikeLinks: unlike,
                eagerByteCount: random.choice([0, 100, 100_000]))
            let costs = LayerCosts(
                origin: .measured, flopsPerSecond: 1, layers: layers.map { _ in Double(random.integer(0...12)) },
                stage: random.choice([0, 0.5]))
            problem = PartitionProblem(chain, costs: costs, cluster: cluster, stageCount: stageCount)
        }

        /// The slowest pace of any stage; infinite where one does not fit.
        func worth(_ placement: Placement) -> Double {
            let (chain, cluster, costs) = (problem.chain, problem.cluster, problem.costs)
            let ends = placement.boundaries.dropFirst() + [chain.layers.count]
            var slowest = 0.0
            for (stage, (start, end)) in zip(placement.boundaries, ends).enumerated() {
                let rank = cluster.ranks[placement.ranks[stage]]
                let stageValues = chain.values.map { value in
                    (
                        bytes: value.byteCount,
                        isTaken: value.home < start && value.takers.contains { (start..<end).contains($0) },
                        isGiven: (start..<end).contains(value.home) && value.takers.contains { $0 >= end }
                    )
                }
                let received = stageValues.reduce(0) { $0 + ($1.isTaken ? $1.bytes : 0) }
                let sent = stageValues.reduce(0) { $0 + ($1.isGiven ? $1.bytes : 0) }
                let weights = chain.layers[start..<end].reduce(0) { $0 + Double($1.parameterByteCount) }
                let alive = (start..<end).map { layer in
                    chain.cutByteCounts[layer]
                        + chain.values.reduce(0) { $0 + ($1.home == layer ? $1.byteCount : 0) }
                }
                if let limit = rank.memoryByteCount,
                    weights + alive.max()! + 2 * (received + sent) > Double(limit)
                {
                    return .infinity
                }
                var pace = (costs.layers[start..<end].reduce(0, +) + costs.stage) / rank.flopsPerSecond
                if stage > 0, received > 0 {
                    let link = cluster.link(from: placement.ranks[stage - 1], to: placement.ranks[stage])
                    pace += link.receiveHandling * received
                    let latencies = received > Double(cluster.eagerByteCount) ? 3.0 : 1
                    let transfer = received / link.bandwidth
                    pace = max(pace, transfer, (transfer + latencies * link.latency) / 2)
                }
                slowest = max(slowest, pace)
            }
            return slowest
        }

        /// Every set of cuts with every order of the ranks.
        func bestWorth() -> Double {
            let starts = problem.chain.blockStarts
            var best = Double.infinity
            for mask in 0..<(1 << (starts.count - 1)) where mask.nonzeroBitCount == problem.stageCount - 1 {
                let cuts = [0] + (1..<starts.count).filter { mask >> ($0 - 1) & 1 == 1 }.map { starts[$0] }
                for order in OptimalStrategyTests.orders(Array(0..<problem.stageCount)) {
                    best = min(best, worth(Placement(boundaries: cuts, ranks: order)))
                }
            }
            return best
        }
    }

    private static func orders(_ ranks: [Int]) -> [[Int]] {
        guard !ranks.isEmpty else { return [[]] }
        return ranks.indices.flatMap { index in
            var rest = ranks
            let first = rest.remove(at: index)
            return orders(rest).map { [first] + $0 }
        }
    }

    private func close(_ left: Double, _ right: Double) -> Bool {
        left == right || abs(left - right) <= 1e-9 * max(left, right)
    }

    @Test func equalsTheBestOfAllPlans() throws {
        var random = SplitMix(70)
        var fitting = 0
        for _ in 0..<4000 {
            let test = Case(&random)
            let best = test.bestWorth()
            do {
                let placement = try OptimalStrategy().placement(for: test.problem)
                #expect(placement.ranks.sorted() == Array(0..<test.problem.stageCount))
                #expect(placement.boundaries.allSatisfy(test.problem.chain.blockStarts.contains))
                #expect(close(test.worth(placement), best), "\(test)")
                fitting += 1
            } catch {
                #expect(best == .infinity, "\(error)")
                #expect("\(error)".contains("does not fit into the memory"))
            }
        }
        #expect(fitting > 2000 && fitting < 4000)
    }

    @Test func lessFreedomIsNeverBetter() {
        var random = SplitMix(71)
        var differing = 0
        for _ in 0..<600 {
            let test = Case(&random)
            let table = StageTable(test.problem.chain, costs: test.problem.costs)
            var worths: [Double] = []
            for freedom in RankChoices.Freedom.allCases {
                let places = RankChoices(
                    test.problem.cluster, count: test.problem.stageCount, freedom: freedom, stateLimit: .max)!
                var search = OptimalStrategy.search(test.problem, table, places)
                let best = search.best()
                if let best { #expect(close(test.worth(best.placement(on: test.problem)), best.heaviest)) }
                worths.append(best?.heaviest ?? .infinity)
            }
            #expect(worths[0] <= worths[1] && worths[0] <= worths[2])
            if worths[0] < worths[2] { differing += 1 }
        }
        #expect(differing > 50)
    }

    @Test func heavyEdgesStayWithinANode() throws {
        // Two nodes with two ranks each. The cut in the middle is the heaviest, and the outer ones are light.
        let layers = (0..<4).map {
            LayerChain.Layer(
                node: NodeID($0), name: "layer\($0)", operatorName: "Relu", flops: 1, parameterCount: 0,
                parameterByteCount: 0)
        }
        let chain = LayerChain(layers: layers, cutByteCounts: [0, 1, 100, 1, 0])
        let cluster = Cluster(
            ranks: [0, 0, 1, 1].map { Cluster.Rank(node: $0, flopsPerSecond: 1) },
            withinNode: .init(latency: 0, bandwidth: 1000), acrossNodes: .init(latency: 0, bandwidth: 10))
        let placement = try OptimalStrategy().placement(
            for: PartitionProblem(
                chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: 1), cluster: cluster, stageCount: 4))
        let nodes = placement.ranks.map { cluster.ranks[$0].node }
        #expect(nodes[1] == nodes[2] && nodes[0] == nodes[3] && nodes[0] != nodes[1])
    }

    @Test func manyRanksArePlanned() throws {
        var random = SplitMix(72)
        let layers = (0..<2000).map { index in
            LayerChain.Layer(
                node: NodeID(index), name: "layer\(index)", operatorName: "Relu",
                flops: Double(random.integer(1...10_000_000)), parameterCount: 0,
                parameterByteCount: random.integer(0...1_000_000))
        }
        let chain = LayerChain(
            layers: layers, cutByteCounts: [0] + (1..<2000).map { _ in Double(random.integer(0...1_000_000)) } + [0])
        let cluster = Cluster(
            ranks: (0..<256).map { Cluster.Rank(node: $0 / 8, flopsPerSecond: 50e9, memoryByteCount: 1 << 30) },
            withinNode: .init(latency: 1e-6, bandwidth: 5e9), acrossNodes: .init(latency: 2e-5, bandwidth: 1.2e9))
        let problem = PartitionProblem(
            chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: 50e9), cluster: cluster, stageCount: 256)
        var placement = Placement(boundaries: [])
        let time = try ContinuousClock().measure { placement = try OptimalStrategy().placement(for: problem) }
        print("optimal: 2000 layers over 256 ranks: \(time)")
        #expect(placement.boundaries.count == 256 && Set(placement.ranks).count == 256)
    }

    @Test func saysWhatIsMissing() throws {
        let layers = (0..<4).map {
            LayerChain.Layer(
                node: NodeID($0), name: "layer\($0)", operatorName: "Relu", flops: 1, parameterCount: 0,
                parameterByteCount: 1_000_000)
        }
        let chain = LayerChain(layers: layers, cutByteCounts: [0, 0, 0, 0, 0])
        func complaint(limit: Int) -> String {
            let cluster = Cluster(
                ranks: [0, 1].map { Cluster.Rank(node: $0, flopsPerSecond: 1, memoryByteCount: limit) },
                withinNode: .init(latency: 0, bandwidth: 1), acrossNodes: .init(latency: 0, bandwidth: 1))
            let problem = PartitionProblem(
                chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: 1), cluster: cluster, stageCount: 2)
            do {
                _ = try OptimalStrategy().placement(for: problem)
                return "it fits"
            } catch { return "\(error)" }
        }
        #expect(complaint(limit: 2_000_000) == "it fits")
        #expect(
            complaint(limit: 1_500_000)
                == "the model does not fit into the memory of 2 ranks: the best plan lacks 0.5 MB on one of them (its "
                + "limit is 1.5 MB); 4 ranks with this memory would do")
        #expect(
            complaint(limit: 500_000)
                == "the model does not fit into the memory of 2 ranks: the best plan lacks 1.5 MB on one of them (its "
                + "limit is 0.5 MB); no number of ranks would do: a layer with its messages needs more than one rank has"
        )
    }
}
