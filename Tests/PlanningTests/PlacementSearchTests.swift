import Graphs
import TestSupport
import Testing

@testable import Planning

/// The fast searches, compared with the plain ones, and the work that they take.
@Suite struct PlacementSearchTests {
    /// A chain with skips, of whole seconds and bytes, so that sums are exact in whatever order they are taken.
    private static func chain(
        _ random: inout SplitMix, layerCount: Int
    ) -> (chain: LayerChain, seconds: [Double]) {
        let weightLimit = random.choice([0, 10, 200])
        let layers = (0..<layerCount).map { index in
            LayerChain.Layer(
                node: NodeID(index), name: "layer\(index)", operatorName: "Relu", flops: 1, parameterCount: 1,
                parameterByteCount: random.integer(0...weightLimit))
        }
        let byteLimit = random.choice([0, 5, 200, 3000])
        var values = (0..<max(0, layerCount - 1)).map {
            LayerChain.Value(byteCount: Double(random.integer(0...byteLimit)), home: $0, takers: [$0 + 1])
        }
        for _ in 0..<random.choice([0, 0, 2, layerCount]) where layerCount > 2 {
            let home = random.integer(0...layerCount - 2)
            let takers = (home + 1..<layerCount).filter { _ in random.once(in: 4) }
            values.append(.init(byteCount: Double(random.integer(0...byteLimit)), home: home, takers: takers))
        }
        let isCuttable = random.once(in: 4) ? layers.indices.map { $0 == 0 || !random.once(in: 3) } : nil
        let secondLimit = random.choice([0, 1, 12, 1000])
        return (
            LayerChain(layers: layers, values: values, isCuttable: isCuttable),
            layers.map { _ in Double(random.integer(0...secondLimit)) }
        )
    }

    private static func link(_ random: inout SplitMix) -> Cluster.Link {
        Cluster.Link(
            latency: Double(random.integer(0...3)), bandwidth: Double(random.integer(1...100)),
            receiveHandling: random.choice([0, 0, 0.25, 2]), pieceByteCount: random.choice([nil, nil, 60]))
    }

    private static func problem(_ random: inout SplitMix) -> PartitionProblem {
        let (chain, seconds) = chain(&random, layerCount: random.integer(1...30))
        let stageCount = random.integer(1...min(10, chain.stageLimit))
        let speeds = random.choice([[1.0], [1, 2], [1, 2, 4, 8]])
        let memories: [Int?] = random.choice([[nil], [nil], [nil, 2000], [1000, 3000, 9000]])
        let perNode = random.integer(1...4)
        let isAnywhere = random.once(in: 3)
        let ranks = (0..<stageCount).map { rank in
            Cluster.Rank(
                node: isAnywhere ? random.integer(0...3) : rank / perNode, flopsPerSecond: random.choice(speeds),
                memoryByteCount: random.choice(memories))
        }
        var unlike: [Cluster.NodePair: Cluster.Link] = [:]
        for _ in 0..<random.choice([0, 0, 3]) {
            unlike[Cluster.NodePair(random.integer(0...2), 3)] = link(&random)
        }
        let cluster = Cluster(
            ranks: ranks, withinNode: link(&random), acrossNodes: link(&random), unlikeLinks: unlike,
            eagerByteCount: random.choice([0, 100, 100_000]))
        let costs = LayerCosts(
            origin: .measured, flopsPerSecond: 1, layers: seconds, stage: random.choice([0, 0, 0.5, 40]))
        return PartitionProblem(chain, costs: costs, cluster: cluster, stageCount: stageCount)
    }

    @Test func findsThePlansOfThePlainSearch() {
        var random = SplitMix(80)
        var (fitting, comparisons) = (0, 0)
        for _ in 0..<1000 {
            let problem = PlacementSearchTests.problem(&random)
            let table = StageTable(problem.chain, costs: problem.costs)
            for freedom in RankChoices.Freedom.allCases {
                guard
                    let places = RankChoices(
                        problem.cluster, count: problem.stageCount, freedom: freedom, stateLimit: 300)
                else { continue }
                var search = OptimalStrategy.search(problem, table, places)
                let found = search.best()
                let expected = BlockwiseSearch(problem, places).best()
                #expect(found?.heaviest == expected?.heaviest, "\(problem)")
                #expect(found?.starts == expected?.starts && found?.ranks == expected?.ranks, "\(problem)")
                if let found {
                    #expect(search.best(below: found.heaviest) == nil)
                    #expect(search.best(below: found.heaviest.nextUp)?.starts == found.starts)
                    fitting += 1
                }
                comparisons += 1
            }
        }
        #expect(comparisons > 1500 && fitting > comparisons / 2 && fitting < comparisons)
    }

    @Test func findsTheLeastMemoryOfThePlainSearch() {
        var random = SplitMix(81)
        for _ in 0..<600 {
            let chain = PlacementSearchTests.chain(&random, layerCount: random.integer(1...25)).chain
            let stageCount = random.integer(1...min(8, chain.stageLimit))
            let expected = BlockwiseSearch.memory(chain, stageCount: stageCount).best()!
            let search = MemorySearch(StageTable(chain), stageCount: stageCount)
            #expect(search.least() == expected.heaviest)
            #expect(search.starts() == expected.starts, "\(chain), \(stageCount) stages")
            #expect(search.isPossible(within: expected.heaviest) && !search.isPossible(within: expected.heaviest - 1))
        }
    }

    @Test func tellsWhatEachStageTakes() {
        var random = SplitMix(82)
        for _ in 0..<300 {
            let (chain, seconds) = PlacementSearchTests.chain(&random, layerCount: random.integer(1...20))
            let costs = LayerCosts(origin: .measured, flopsPerSecond: 1, layers: seconds)
            let (table, scan) = (StageTable(chain, costs: costs), StageScan(chain, seconds: seconds))
            for first in 0..<table.blockCount {
                for end in first + 1...table.blockCount {
                    let figures = scan.figures(of: first..<end)
                    #expect(table.seconds[end] - table.seconds[first] == figures.seconds)
                    #expect(table.received[table.level(first: first, end: end)] == figures.receivedByteCount)
                    #expect(
                        table.memory.own(of: first..<end) == figures.parameterByteCount + figures.activationByteCount)
                }
            }
        }
    }

    /// Kinds of clusters on which the work was once a hundred times as much.
    enum Kind: CaseIterable {
        case pairs, eights, slowNetwork, unlikeSpeeds, littleMemory, unlikeLinks, handling
    }

    private static func cluster(_ kind: Kind, rankCount: Int) -> Cluster {
        var random = SplitMix(83)
        let perNode = kind == .eights ? 8 : kind == .unlikeLinks ? 1 : 2
        let ranks = (0..<rankCount).map { rank in
            Cluster.Rank(
                node: rank / perNode,
                flopsPerSecond: kind == .unlikeSpeeds ? Double(random.integer(20...100)) * 1e9 : 60e9,
                memoryByteCount: kind == .littleMemory ? random.choice([850_000, 1_000_000, 1_500_000]) : nil)
        }
        var within = Cluster.Link(latency: 0.8e-6, bandwidth: 6e9)
        var across = Cluster.Link(latency: 25e-6, bandwidth: 1.15e9)
        if kind == .slowNetwork {
            (within, across) = (.init(latency: 2e-5, bandwidth: 1e9), .init(latency: 1e-4, bandwidth: 1e8))
        }
        if kind == .handling { (within.receiveHandling, across.sendHandling) = (0.2e-9, 0.1e-9) }
        var unlike: [Cluster.NodePair: Cluster.Link] = [:]
        if kind == .unlikeLinks {
            for node in stride(from: 0, to: rankCount - 1, by: 3) {
                unlike[.init(node, node + 1)] = .init(latency: 5e-5, bandwidth: Double(random.integer(3...9)) * 1e8)
            }
        }
        return Cluster(ranks: ranks, withinNode: within, acrossNodes: across, unlikeLinks: unlike)
    }

    /// Cuts looked at one by one stay a small number of times stages and blocks, whatever the cluster is like; the plain
    /// search looks at each stage, which are blocks times as many.
    @Test(arguments: Kind.allCases) func theWorkIsBounded(kind: Kind) throws {
        var random = SplitMix(84)
        for (rankCount, isEven) in [(256, true), (1024, true), (1024, false)] {
            let layers = (0..<2000).map { index in
                LayerChain.Layer(
                    node: NodeID(index), name: "layer\(index)", operatorName: "MatMul",
                    flops: isEven ? (index % 2 == 0 ? 4e6 : 1e6) : Double(random.integer(1...10_000_000)),
                    parameterCount: 0, parameterByteCount: index % 2 == 0 ? 16_384 : 0)
            }
            let chain = LayerChain(
                layers: layers,
                cutByteCounts: [0] + (1..<2000).map { _ in isEven ? 131_072 : Double(random.integer(1...200_000)) } + [
                    0
                ])
            let cluster = PlacementSearchTests.cluster(kind, rankCount: rankCount)
            let problem = PartitionProblem(
                chain, costs: LayerCosts(operationsOf: chain, flopsPerSecond: 60e9), cluster: cluster,
                stageCount: rankCount)
            let places = RankChoices(cluster, count: rankCount, stateLimit: rankCount + 1)
            let table = StageTable(chain, costs: problem.costs)
            var search = OptimalStrategy.search(problem, table, places)
            var isFound = false
            let time = ContinuousClock().measure { isFound = search.best() != nil }
            let perCut = Double(search.lookCount) / Double(rankCount * 2000)
            print(
                "\(kind), \(rankCount) ranks, \(isEven ? "even" : "uneven"): \(perCut) looks per stage and cut, \(time)"
            )
            #expect(isFound && perCut < 20)
        }
    }
}
