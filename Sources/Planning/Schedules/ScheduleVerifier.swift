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
        var counts = ActionCounts(rules, microbatchCount: schedule.microbatchCount)
        var stray: Action?
        for (rank, actions) in schedule.actions.enumerated() {
            for action in actions {
                guard let owner = rules.stage(of: action) else {
                    throw PlanningError("rank \(rank) is to do something that the plan does not know")
                }
                guard plan.stages[owner].rank == rank else {
                    throw PlanningError(
                        "'\(action.text(in: plan))' is in the list of rank \(rank), not of its owner \(plan.stages[owner].rank)"
                    )
                }
                if !counts.add(action) { stray = stray ?? action }
            }
        }
        for microbatch in 0..<schedule.microbatchCount where !counts.isComplete(microbatch) {
            for action in rules.actions(for: microbatch) where counts.count(of: action) != 1 {
                throw PlanningError("'\(action.text(in: plan))' must be in the schedule exactly once")
            }
        }
        if let stray {
            throw PlanningError("'\(stray.text(in: plan))' is for a microbatch that does not exist")
        }
    }

    /// Plays the schedule with the least that MPI promises: a send completes only once its receive is posted. Only runs
    /// wait: for messages to come, and for buffers that receivers have yet to take.
    private static func play(_ schedule: Schedule, _ rules: ScheduleRules) throws(PlanningError) {
        var next = [Int](repeating: 0, count: schedule.actions.count)
        // By edge: microbatches so far, which go in order.
        var posted = [Int](repeating: 0, count: rules.plan.edges.count)
        var sent = posted
        func canStart(_ action: Action) -> Bool {
            guard case .run(let stage, let microbatch) = action else { return true }
            return rules.operands(of: stage).allSatisfy { sent[$0] > microbatch }
                && rules.outgoing[stage].allSatisfy { edge in
                    rules.leaving(on: edge, before: microbatch).map { posted[edge] > $0 } ?? true
                }
        }

        var moved = true
        while moved {
            moved = false
            for rank in schedule.actions.indices {
                while next[rank] < schedule.actions[rank].count, canStart(schedule.actions[rank][next[rank]]) {
                    let action = schedule.actions[rank][next[rank]]
                    if case .receive(let edge, _) = action { posted[edge] += 1 }
                    if case .send(let edge, _) = action { sent[edge] += 1 }
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

/// How often each action of a plan is in a schedule.
private struct ActionCounts {
    private let microbatchCount: Int
    /// Actions that a microbatch may have, and those that it must have.
    private let width: Int
    private let wantedCount: Int
    private let stageCount: Int
    private let edgeCount: Int
    /// By microbatch, then by action; more than two count as two.
    private var counts: [UInt8]
    /// By microbatch: actions that are there once.
    private var singles: [Int]

    init(_ rules: ScheduleRules, microbatchCount: Int) {
        let plan = rules.plan
        self.microbatchCount = microbatchCount
        (stageCount, edgeCount) = (plan.stages.count, plan.edges.count)
        width = 2 * (stageCount + edgeCount) + plan.inputs.count
        wantedCount = plan.stages.indices.reduce(0) { $0 + rules.actionCount(ofStage: $1) }
        counts = [UInt8](repeating: 0, count: width * microbatchCount)
        singles = [Int](repeating: 0, count: microbatchCount)
    }

    private func place(of action: Action) -> Int {
        switch action {
        case .run(let stage, _): stage
        case .write(let stage, _): stageCount + stage
        case .send(let edge, _): 2 * stageCount + edge
        case .receive(let edge, _): 2 * stageCount + edgeCount + edge
        case .read(let input, _): 2 * (stageCount + edgeCount) + input
        }
    }

    /// False where there is no such microbatch.
    mutating func add(_ action: Action) -> Bool {
        let microbatch = action.microbatch
        guard microbatch >= 0, microbatch < microbatchCount else { return false }
        let index = microbatch * width + place(of: action)
        switch counts[index] {
        case 0: singles[microbatch] += 1
        case 1: singles[microbatch] -= 1
        default: return true
        }
        counts[index] += 1
        return true
    }

    func isComplete(_ microbatch: Int) -> Bool { singles[microbatch] == wantedCount }

    func count(of action: Action) -> Int { Int(counts[action.microbatch * width + place(of: action)]) }
}
