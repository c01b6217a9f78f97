import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Planning

/// A small plan and its schedule, word for word.
@Suite struct ScheduleTextTests {
    /// input -> a -> b -> c, and a again into c: three stages, one skip.
    private func plan() throws -> PartitionPlan {
        var graph = Graph(name: "skip")
        let input = graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(3)])
        let a = graph.addNode(named: "a", .unary(Unary(.relu)), [input])
        let b = graph.addNode(named: "b", .unary(Unary(.tanh)), [a])
        let c = graph.addNode(named: "c", .binary(Binary(.add)), [a, b])
        graph.outputs = [c, input]
        let bound = try BoundGraph(
            graph, inputTypes: graph.inputTypes(symbols: ["batch": 2]),
            evaluate: { _, _, _ in throw GraphError("nothing to fold") })
        return try PartitionPlan(
            bound, PartitionProblem(LayerChain(bound), stageCount: 3), strategy: UniformStrategy(), microbatchSize: 2,
            modelFingerprint: "f")
    }

    @Test func edgesSkipStages() throws {
        let edges = try plan().edges.map { "e\($0.index) \($0.name) \($0.from)->\($0.to) \($0.byteCount)" }
        #expect(edges == ["e0 input 0->2 24", "e1 a 0->1 24", "e2 a 0->2 24", "e3 b 1->2 24"])
    }

    @Test func pipelineOfThreeStages() throws {
        let plan = try plan()
        let text = Schedule(of: plan, microbatchCount: 2).text(of: plan)
        #expect(
            text == """
                r0: read i0 m0 | run s0 m0 | send e0 m0 ->r2 | send e1 m0 ->r1 | send e2 m0 ->r2 | \
                read i0 m1 | run s0 m1 | send e0 m1 ->r2 | send e1 m1 ->r1 | send e2 m1 ->r2
                r1: recv e1 m0 <-r0 | recv e1 m1 <-r0 | run s1 m0 | send e3 m0 ->r2 | run s1 m1 | send e3 m1 ->r2
                r2: recv e0 m0 <-r0 | recv e2 m0 <-r0 | recv e3 m0 <-r1 | recv e0 m1 <-r0 | recv e2 m1 <-r0 | \
                recv e3 m1 <-r1 | run s2 m0 | write s2 m0 | run s2 m1 | write s2 m1
                """)
    }

    @Test func textsParseBack() throws {
        var random = SplitMix(28)
        for _ in 0..<200 {
            let test = PartitionPlanTests.Case(&random)
            let schedule = Schedule(of: test.plan, microbatchCount: random.integer(1...5))
            #expect(try Schedule(text: schedule.text(of: test.plan)) == schedule)
        }
        let none = try Schedule(text: "r0:\nr1: run s1 m0")
        #expect(none.actions == [[], [.run(stage: 1, microbatch: 0)]] && none.microbatchCount == 1)
    }

    @Test(
        "texts that are none",
        arguments: [
            ("run s0 m0", "line 1 of the schedule must begin with 'r0:'"),
            ("r0: run s0 m0\nr2: run s1 m0", "line 2 of the schedule must begin with 'r1:'"),
            ("r0: walk s0 m0", "line 1 of the schedule: ' walk s0 m0' is no action: it begins with one of read,"),
            ("r0: run e0 m0", "word 2 must be 's' and a number"), ("r0: run s0 m-1", "word 3 must be 'm' and a number"),
            ("r0: run s0", "'run' has 2 words behind it"), ("r0: send e0 m0", "'send' has 3 words behind it"),
            ("r0: run s99999999999999999999 m0", "word 2 must be 's' and a number"),
        ])
    func otherTexts(text: String, complaint: String) {
        let error = #expect(throws: PlanningError.self) { try Schedule(text: text) }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "nothing")")
    }

    @Test func deadlockIsSaidWithTheRankThatWaits() throws {
        let plan = try plan()
        let schedule = Schedule(of: plan, microbatchCount: 3)
        // Rank 1 holds back what rank 2 needs until it could overwrite it: it never can.
        var edges = plan.edges
        edges[3] = PartitionPlan.Edge(
            index: 3, value: edges[3].value, name: "b", from: 1, to: 0, byteCount: 24, hasHeader: false,
            pieceCount: 1, sendSlotCount: edges[3].sendSlotCount, receiveSlotCount: 2)
        var actions = schedule.actions
        actions[0].insert(contentsOf: [.receive(edge: 3, microbatch: 0), .receive(edge: 3, microbatch: 1)], at: 0)
        actions[0].insert(.receive(edge: 3, microbatch: 2), at: 7)
        actions[2].removeAll { if case .receive(edge: 3, _) = $0 { true } else { false } }
        let looping = try plan.with(edges: edges)
        let error = #expect(throws: PlanningError.self) {
            try ScheduleVerifier.verify(
                Schedule(microbatchCount: 3, actions: actions), of: looping, layers: plan.stages.flatMap(\.nodes)
            ) { "\($0.index)" }
        }
        #expect(error?.description == "deadlock: rank 0 would wait for ever at 'run s0 m0'")
    }
}

extension PartitionPlan {
    /// The plan with other edges, through its saved form: no planner would make them.
    fileprivate func with(edges: [Edge]) throws -> PartitionPlan {
        func object(_ value: some Encodable) throws -> Any {
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        }
        var saved = try object(self) as! [String: Any]
        saved["edges"] = try object(edges)
        return try JSONDecoder().decode(PartitionPlan.self, from: JSONSerialization.data(withJSONObject: saved))
    }
}
