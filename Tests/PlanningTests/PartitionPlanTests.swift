import Graphs
import Tensors
import TestSupport
import Testing

@testable import Planning

/// Plans of random models, cut at random places: compared with what the graph says without them.
@Suite struct PartitionPlanTests {
    struct Case {
        let model: RandomModel
        let chain: LayerChain
        let plan: PartitionPlan

        var layers: [NodeID] { chain.layers.map(\.node) }

        /// - Parameter replicas: of each stage.
        init(
            _ random: inout SplitMix, nodeCounts: ClosedRange<Int> = 1...16, replicas: ClosedRange<Int> = 1...1
        ) {
            model = RandomModel(&random, nodeCount: random.integer(nodeCounts))
            chain = LayerChain(model.bound)
            let stageCount = random.integer(1...chain.layers.count)
            let starts = [0] + Array(1..<chain.layers.count).shuffled(using: &random).prefix(stageCount - 1).sorted()
            var next = 0
            let teams = starts.map { _ in
                (0..<random.integer(replicas)).map { _ in
                    defer { next += 1 }
                    return PartitionPlan.Team(ranks: [next])
                }
            }
            plan = PartitionPlan(
                model.bound, chain: chain, placement: Placement(boundaries: starts, teams: teams), strategy: "random",
                microbatchSize: RandomModel.items, modelFingerprint: "f")
        }

        static func plan(_ model: RandomModel, _ chain: LayerChain, _ starts: [Int]) -> PartitionPlan {
            PartitionPlan(
                model.bound, chain: chain, placement: Placement(boundaries: starts), strategy: "random",
                microbatchSize: RandomModel.items, modelFingerprint: "f")
        }
    }

    private func forEachCase(_ seed: UInt64, count: Int = 400, _ body: (Case) throws -> Void) rethrows {
        var random = SplitMix(seed)
        for _ in 0..<count { try body(Case(&random)) }
    }

    @Test func everyLayerIsInOneStage() {
        forEachCase(10) { test in
            let plan = test.plan
            #expect(plan.stages.flatMap(\.nodes) == test.layers)
            #expect(Set(test.layers) == Set(test.model.bound.runtimeNodes))
            #expect(test.layers.count == test.model.bound.runtimeNodes.count)
            #expect(plan.stages.map(\.index) == Array(plan.stages.indices))
            #expect(plan.stages.flatMap(\.ranks) == Array(plan.stages.indices))
            #expect(plan.stages.flatMap(\.layerNames) == test.chain.layers.map(\.name))
            #expect(plan.stages.reduce(0) { $0 + $1.flops } == test.chain.layers.reduce(0) { $0 + $1.flops })
            // The bias and the weight have one element each and count once, wherever they are used.
            #expect(plan.stages.reduce(0) { $0 + $1.parameterCount } <= 2)
            #expect(plan.stages.reduce(0) { $0 + $1.parameterByteCount } <= 8)
        }
    }

    /// Edges and inputs worked out again, value by value, from who makes and who takes it.
    @Test func valuesHaveTheEdgesTheyNeed() {
        struct Arrow: Hashable {
            let value: ValueID
            let from: Int
            let to: Int
        }
        forEachCase(11) { test in
            let (plan, graph) = (test.plan, test.model.graph)
            func stage(of node: NodeID) -> Int? { plan.stages.firstIndex { $0.nodes.contains(node) } }
            var arrows: Set<Arrow> = []
            var inputs: [ValueID: Int] = [:]
            let producers = graph.producers()
            for (value, takers) in zip(graph.valueNames.indices.map(ValueID.init), graph.consumers()) {
                var wanted = Set(takers.compactMap(stage))
                if graph.outputs.contains(value) { wanted.insert(plan.stages.count - 1) }
                let home: Int
                if let producer = producers[value.index] {
                    guard let made = stage(of: producer) else { continue }
                    home = made
                } else if graph.inputs.contains(where: { $0.value == value }) {
                    // Read where it is needed first, and by no rank when none needs it.
                    guard let first = takers.compactMap(stage).min() ?? wanted.min() else { continue }
                    home = first
                    inputs[value] = home
                } else {
                    continue
                }
                for target in wanted where target != home { arrows.insert(Arrow(value: value, from: home, to: target)) }
            }
            #expect(Set(plan.edges.map { Arrow(value: $0.value, from: $0.from, to: $0.to) }) == arrows)
            #expect(plan.edges.count == arrows.count)
            #expect(plan.edges.map(\.index) == Array(plan.edges.indices))
            #expect(plan.edges.allSatisfy { $0.from < $0.to && $0.name == graph.name(of: $0.value) })
            #expect(plan.edges.allSatisfy { $0.byteCount == test.model.bound.type(of: $0.value)!.byteCount })
            #expect(Dictionary(uniqueKeysWithValues: plan.inputs.map { ($0.value, $0.stage) }) == inputs)
            #expect(plan.inputs.allSatisfy { $0.name == graph.name(of: $0.value) })
            #expect(plan.outputs.map(\.value) == graph.outputs)
            #expect(
                plan.outputs.allSatisfy { $0.stage == plan.stages.count - 1 && $0.name == graph.name(of: $0.value) })
        }
    }

    /// Each part sees only what its edges and inputs bring, and the whole comes out.
    @Test func partsInOrderComputeTheModel() throws {
        try forEachCase(12) { test in
            let plan = test.plan
            let run = SymbolicRun(test.model.bound)
            var inboxes = [[ValueID: UInt64]](repeating: [:], count: plan.stages.count)
            for input in plan.inputs {
                inboxes[input.stage][input.value] = SymbolicRun.item(of: input.value, microbatch: 0)
            }
            var outputs: [ValueID: UInt64] = [:]
            for stage in plan.stages {
                let part = plan.part(of: stage.index)
                #expect(part.nodes == stage.nodes)
                #expect(part.inputs == inboxes[stage.index].keys.sorted(), "what comes in is what the part takes")
                #expect(part.outputs == Set(part.outputs).sorted())
                let results = try run.run(part.nodes, values: inboxes[stage.index], wanted: part.outputs)
                let given = plan.edges.filter { $0.from == stage.index }
                for edge in given { inboxes[edge.to][edge.value] = results[edge.value] }
                if stage.index == plan.stages.count - 1 {
                    for output in plan.outputs { outputs[output.value] = results[output.value] }
                    #expect(Set(part.outputs) == Set(plan.outputs.map(\.value)))
                } else {
                    #expect(Set(part.outputs) == Set(given.map(\.value)))
                }
            }
            #expect(outputs == (try run.outputs(microbatch: 0)))
        }
    }

    @Test func cutsCarryTheBytesOfTheirEdges() {
        forEachCase(13, count: 200) { test in
            let chain = test.chain
            #expect(chain.cutByteCounts.count == chain.layers.count + 1)
            #expect(chain.cutByteCounts.first == 0 && chain.cutByteCounts.last == 0)
            for cut in 1..<chain.layers.count {
                let plan = Case.plan(test.model, chain, [0, cut])
                #expect(Double(plan.trafficByteCount) == chain.cutByteCounts[cut])
            }
            // Over more stages a value goes to each that needs it, and past a border counts once.
            var next = 0
            for border in 1..<test.plan.stages.count {
                next += test.plan.stages[border - 1].nodes.count
                let crossing = test.plan.edges.filter { $0.from < border && $0.to >= border }
                let byteCounts = Dictionary(crossing.map { ($0.value, $0.byteCount) }) { one, _ in one }
                #expect(Double(byteCounts.values.reduce(0, +)) == chain.cutByteCounts[next])
            }
        }
    }

    @Test func messageBuffersCountEverySlot() {
        forEachCase(14, count: 100) { test in
            let plan = test.plan
            for stage in plan.stages.indices {
                var bytes = Double(plan.edges.filter { $0.to == stage }.reduce(0) { $0 + 2 * $1.byteCount })
                var farthest: [ValueID: PartitionPlan.Edge] = [:]
                for edge in plan.edges where edge.from == stage {
                    if edge.to > farthest[edge.value]?.to ?? -1 { farthest[edge.value] = edge }
                }
                for (value, edge) in farthest {
                    #expect(plan.resultSlotCount(of: value, stage: stage) == edge.to - stage + 1)
                    bytes += Double(edge.byteCount * (edge.to - stage + 1))
                }
                #expect(plan.messageBufferByteCounts[stage] == bytes)
            }
        }
    }
}
