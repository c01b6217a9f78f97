public import Graphs

/// Checks a plan and its schedule before any rank starts, and says in a sentence what is wrong.
public enum ScheduleVerifier {
    /// - Throws: when a layer is not computed exactly once, an edge not sent and received exactly once per microbatch,
    ///   a rank's actions stand in an order in which one would find its operands missing or its buffer taken, or the
    ///   ranks would wait for one another for ever.
    public static func verify(
        _ schedule: Schedule, of plan: PartitionPlan, layers: [NodeID], nodeName: (NodeID) -> String
    ) throws(PlanningError) {
        try verifyCoverage(plan, layers: layers, nodeName: nodeName)
        let rules = ScheduleRules(plan)
        try verifyCounts(schedule, rules)
        // Each stage, edge end and input belongs to one rank, so one check can follow all lists.
        var progress = ScheduleProgress(rules)
        for action in schedule.actions.joined() { try progress.take(action) }
        try play(schedule, rules)
    }

    private static func verifyCoverage(
        _ plan: PartitionPlan, layers: [NodeID], nodeName: (NodeID) -> String
    ) throws(PlanningError) {
        var owners: [NodeID: Int] = [:]
        for stage in plan.stages {
            for node in stage.nodes {
                if let other = owners.updateValue(stage.index, forKey: node) {
                    throw PlanningError(
                        "layer '\(nodeName(node))' is in stage \(other) and again in stage \(stage.index)")
                }
            }
        }
        for layer in layers where owners[layer] == nil {
            throw PlanningError("layer '\(nodeName(layer))' is in no stage")
        }
        guard owners.count == layers.count else {
            throw PlanningError("a stage holds a layer that the model does not have")
        }
    }

    private static func verifyCounts(_ schedule: Schedule, _ rules: ScheduleRules) throws(PlanningError) {
        let plan = rules.plan
        guard schedule.microbatchCount >= 0 else {
            throw PlanningError("the schedule is for \(schedule.microbatchCount) microbatches")
        }
        guard schedule.actions.count == plan.stages.count else {
            throw PlanningError(
                "the schedule has lists for \(schedule.actions.count) ranks, and the plan is for \(plan.stages.count)")
        }
        var counts: [Action: Int] = [:]
        for (rank, actions) in schedule.actions.enumerated() {
            for action in actions {
                counts[action, default: 0] += 1
                guard let owner = rules.stage(of: action) else {
                    throw PlanningError("rank \(rank) is to do something that the plan does not know")
                }
                guard plan.stages[owner].rank == rank else {
                    throw PlanningError(
                        "'\(action.text(in: plan))' is in the list of rank \(rank), not of its owner \(plan.stages[owner].rank)"
                    )
                }
            }
        }
        for microbatch in 0..<schedule.microbatchCount {
            for action in rules.actions(for: microbatch) where counts.removeValue(forKey: action) != 1 {
                throw PlanningError("'\(action.text(in: plan))' must be in the schedule exactly once")
            }
        }
        for action in schedule.actions.joined() where counts[action] != nil {
            throw PlanningError("'\(action.text(in: plan))' is for a microbatch that does not exist")
        }
    }

    /// Plays the schedule with the least that MPI promises: a send completes only once its receive is posted. Only runs
    /// wait: for messages to come, and for buffers that receivers have yet to take.
    private static func play(_ schedule: Schedule, _ rules: ScheduleRules) throws(PlanningError) {
        var next = [Int](repeating: 0, count: schedule.actions.count)
        var posted: Set<Action> = []
        var sent: Set<Action> = []
        func canStart(_ action: Action) -> Bool {
            guard case .run(let stage, let microbatch) = action else { return true }
            return rules.operands(of: stage).allSatisfy { sent.contains(.send(edge: $0, microbatch: microbatch)) }
                && rules.outgoing[stage].allSatisfy { edge in
                    rules.leaving(on: edge, before: microbatch).map {
                        posted.contains(.receive(edge: edge, microbatch: $0))
                    } ?? true
                }
        }

        var moved = true
        while moved {
            moved = false
            for rank in schedule.actions.indices {
                while next[rank] < schedule.actions[rank].count, canStart(schedule.actions[rank][next[rank]]) {
                    let action = schedule.actions[rank][next[rank]]
                    if case .receive = action { posted.insert(action) }
                    if case .send = action { sent.insert(action) }
                    next[rank] += 1
                    moved = true
                }
            }
        }
        for rank in schedule.actions.indices where next[rank] < schedule.actions[rank].count {
            throw PlanningError(
                "deadlock: rank \(rank) would wait for ever at '\(schedule.actions[rank][next[rank]].text(in: rules.plan))'"
            )
        }
    }
}
