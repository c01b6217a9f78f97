import Graphs
import TestSupport
import Testing

@testable import Planning

/// Schedules as the planner makes them, and as somebody might damage them.
@Suite struct ScheduleTests {
    typealias Case = PartitionPlanTests.Case

    /// What the verifier says of a schedule; nil when it finds nothing.
    private func complaint(_ schedule: Schedule, _ test: Case) -> String? {
        do throws(PlanningError) {
            try ScheduleVerifier.verify(schedule, of: test.plan, layers: test.layers) {
                test.model.graph.nodes[$0.index].name
            }
            return nil
        } catch {
            return error.description
        }
    }

    private func simulate(_ schedule: Schedule, _ test: Case, _ random: inout SplitMix) throws {
        var simulation = ScheduleSimulation(
            test.plan, test.model.bound, microbatchCount: schedule.microbatchCount)
        try simulation.carryOut(schedule, &random)
    }

    /// As messages about a schedule name an action of its plan.
    private func text(_ action: Action, _ test: Case, _ count: Int) -> String {
        action.text(ScheduleRules(test.plan, microbatchCount: count))
    }

    @Test func pipelinesVerifyAndComputeTheModel() throws {
        var random = SplitMix(20)
        for _ in 0..<250 {
            let test = Case(&random, replicas: 1...3)
            for microbatchCount in 0...6 {
                let schedule = Schedule(of: test.plan, microbatchCount: microbatchCount)
                #expect(complaint(schedule, test) == nil)
                try simulate(schedule, test, &random)
            }
        }
    }

    private struct Place {
        let rank: Int
        let index: Int
    }

    private func randomPlace(_ actions: [[Action]], _ random: inout SplitMix) -> Place {
        let rank = random.choice(actions.indices.filter { !actions[$0].isEmpty })
        return Place(rank: rank, index: random.integer(0...actions[rank].count - 1))
    }

    @Test func droppedAndDoubledActionsAreNamed() {
        var random = SplitMix(21)
        for _ in 0..<600 {
            let test = Case(&random)
            let schedule = Schedule(of: test.plan, microbatchCount: random.integer(1...4))
            var actions = schedule.actions
            let place = randomPlace(actions, &random)
            let action = actions[place.rank][place.index]
            if random.once(in: 2) {
                actions[place.rank].remove(at: place.index)
            } else {
                actions[place.rank].insert(action, at: random.integer(0...actions[place.rank].count))
            }
            let damaged = Schedule(microbatchCount: schedule.microbatchCount, actions: actions)
            #expect(
                complaint(damaged, test)
                    == "'\(text(action, test, schedule.microbatchCount))' must be in the schedule exactly once")
        }
    }

    @Test func actionsOfOtherRanksAreNamed() {
        var random = SplitMix(22)
        for _ in 0..<300 {
            let test = Case(&random, nodeCounts: 2...10)
            let schedule = Schedule(of: test.plan, microbatchCount: 2)
            guard schedule.actions.count > 1 else { continue }
            var actions = schedule.actions
            let place = randomPlace(actions, &random)
            let action = actions[place.rank].remove(at: place.index)
            let other = random.choice(actions.indices.filter { $0 != place.rank })
            actions[other].insert(action, at: random.integer(0...actions[other].count))
            let damaged = Schedule(microbatchCount: 2, actions: actions)
            #expect(
                complaint(damaged, test)
                    == "'\(text(action, test, 2))' is in the list of rank \(other), not of its owner \(place.rank)"
            )
        }
    }

    @Test func actionsOfOtherMicrobatchesAreNamed() {
        var random = SplitMix(23)
        for _ in 0..<400 {
            let test = Case(&random)
            let count = random.integer(1...4)
            let schedule = Schedule(of: test.plan, microbatchCount: count)
            var actions = schedule.actions
            let place = randomPlace(actions, &random)
            let action = actions[place.rank][place.index]
            let moved = action.moved(to: random.integer(-1...count))
            guard moved != action else { continue }
            actions[place.rank][place.index] = moved
            // Of what is wrong now, the verifier names the first: one is missing, another too many.
            let wrong = [action, moved].map { "'\(text($0, test, count))' must be in the schedule exactly once" }
            let said = complaint(Schedule(microbatchCount: count, actions: actions), test)
            #expect(said.map(wrong.contains) == true, "\(said ?? "nothing") of \(wrong)")
            // Where nothing is missing, it is the one too many.
            let extra = Schedule(microbatchCount: count, actions: insert(action.moved(to: count), schedule, place))
            let name = text(action.moved(to: count), test, count)
            #expect(complaint(extra, test) == "'\(name)' is for a microbatch that does not exist")
        }
    }

    private func insert(_ action: Action, _ schedule: Schedule, _ place: Place) -> [[Action]] {
        var actions = schedule.actions
        actions[place.rank].insert(action, at: place.index)
        return actions
    }

    /// Another order within a rank is refused exactly where it would not work.
    @Test func otherOrdersAreRefusedWhereTheyFail() {
        var random = SplitMix(24)
        var refused: [String: Int] = [:]
        var equivalent = 0
        for _ in 0..<3000 {
            let test = Case(&random, nodeCounts: 1...10, replicas: 1...2)
            let schedule = Schedule(of: test.plan, microbatchCount: random.integer(1...5))
            var actions = schedule.actions
            let place = randomPlace(actions, &random)
            let last = actions[place.rank].count - 1
            switch random.integer(0...2) {
            case 0: actions[place.rank].swapAt(place.index, random.integer(0...last))
            case 1 where place.index < last: actions[place.rank].swapAt(place.index, place.index + 1)
            default:
                let action = actions[place.rank].remove(at: place.index)
                actions[place.rank].insert(action, at: random.integer(0...last))
            }
            let damaged = Schedule(microbatchCount: schedule.microbatchCount, actions: actions)
            let said = complaint(damaged, test)
            var failure: String?
            do {
                try simulate(damaged, test, &random)
            } catch {
                failure = (error as? ScheduleSimulation.Failure)?.reason ?? "\(error)"
            }
            #expect(
                (said == nil) == (failure == nil),
                "said: \(said ?? "-"), happened: \(failure ?? "-")\n\(damaged.text(of: test.plan))")
            if let said { refused[kind(of: said), default: 0] += 1 } else { equivalent += 1 }
        }
        print("other orders: \(equivalent) equivalent, refused: \(refused.sorted { $0.key < $1.key })")
        #expect(equivalent > 100)
        for reason in ["buffer", "in order", "needs, in order", "items", "message", "results", "before the next"] {
            #expect(refused.keys.contains { $0.contains(reason) }, "nothing was refused for '\(reason)'")
        }
    }

    private func kind(of sentence: String) -> String {
        String(sentence.split(separator: "'").last!.drop { $0 == "," || $0 == " " })
    }

    @Test func ranksThatWaitForOneAnotherAreFound() {
        // Two stages, each with an edge to the other: no planner makes it, a file might hold it.
        var random = SplitMix(25)
        var test = Case(&random, nodeCounts: 8...8)
        while test.plan.stages.count != 2 || test.plan.edges.isEmpty { test = Case(&random, nodeCounts: 8...8) }
        let schedule = Schedule(of: test.plan, microbatchCount: 6)
        var actions = schedule.actions
        // The second rank takes its receives only after it has run as far as it can without.
        let receives = actions[1].filter { if case .receive = $0 { true } else { false } }
        actions[1] = actions[1].filter { if case .receive = $0 { false } else { true } } + receives
        let run = test.plan.edges[0].to
        #expect(
            complaint(Schedule(microbatchCount: 6, actions: actions), test)?
                .hasPrefix("'run s\(run) m0' comes before 'recv e0 m0 <-r0', whose message it needs") == true)
    }

    @Test func listsMustFitThePlan() {
        var random = SplitMix(26)
        let test = Case(&random, nodeCounts: 4...4)
        let schedule = Schedule(of: test.plan, microbatchCount: 1)
        let count = test.plan.stages.count
        #expect(
            complaint(Schedule(microbatchCount: 1, actions: schedule.actions + [[]]), test)
                == "the schedule has lists for \(count + 1) ranks, and the plan is for \(count)")
        #expect(
            complaint(Schedule(microbatchCount: -1, actions: schedule.actions), test)
                == "the schedule is for -1 microbatches")
        let unknown: [Action] = [
            .run(stage: 99, microbatch: 0), .send(edge: 99, microbatch: 0), .receive(edge: -1, microbatch: 0),
            .read(input: 99, microbatch: 0), .write(stage: 99, microbatch: 0),
        ]
        for action in unknown {
            let actions = [schedule.actions[0] + [action]] + schedule.actions.dropFirst()
            #expect(
                complaint(Schedule(microbatchCount: 1, actions: actions), test)
                    == "rank 0 is to do something that the plan does not know")
        }
    }

    @Test func layersMustBeCovered() {
        var random = SplitMix(27)
        let test = Case(&random, nodeCounts: 6...6)
        let schedule = Schedule(of: test.plan, microbatchCount: 1)
        let names = test.model.graph.nodes.map(\.name)
        func complaint(_ layers: [NodeID]) -> String {
            do throws(PlanningError) {
                try ScheduleVerifier.verify(schedule, of: test.plan, layers: layers) { names[$0.index] }
                return "nothing"
            } catch {
                return error.description
            }
        }
        #expect(complaint(Array(test.layers.dropLast())) == "a stage holds a layer that the model does not have")
        #expect(complaint(test.layers + [NodeID(0)]) == "layer '\(names[0])' is in no stage")
    }
}

extension Action {
    fileprivate func moved(to microbatch: Int) -> Action {
        switch self {
        case .read(let input, _): .read(input: input, microbatch: microbatch)
        case .receive(let edge, _): .receive(edge: edge, microbatch: microbatch)
        case .run(let stage, _): .run(stage: stage, microbatch: microbatch)
        case .send(let edge, _): .send(edge: edge, microbatch: microbatch)
        case .write(let stage, _): .write(stage: stage, microbatch: microbatch)
        }
    }
}
