public import Graphs

/// Checks a plan and its schedule before any rank starts, and describes in a sentence what is wrong.
public enum ScheduleVerifier {
    /// - Throws: when a layer is not computed exactly once, an edge not sent and received exactly once per microbatch,
    ///   a rank's actions are in an order in which one would find its operands missing or its buffer in use, or the
    ///   ranks would wait for one another forever.
    public static func verify(
        _ schedule: Schedule, of plan: PartitionPlan, layers: [NodeID], nodeName: (NodeID) -> String
    ) throws(PlanningError) {
        try verifyCoverage(plan, layers: layers, nodeName: nodeName)
        guard schedule.microbatchCount >= 0 else {
            throw PlanningError("the schedule is for \(schedule.microbatchCount) microbatches")
        }
        // A stage with fewer teams feeds lanes in the order of the microbatches, and results are collected lane by
        // lane: where one lane may be far ahead of another, the two would deadlock in jobs that are long enough.
        guard plan.replicaCount != nil || plan.policy.distribution == .cyclic else {
            throw PlanningError(
                "stages with different numbers of replicas take the microbatches in turn: distribution must be cyclic")
        }
        let rules = schedule.rules(of: plan)
        let numbers = ActionNumbers(rules)
        try verifyCounts(schedule, numbers)
        // No two ranks share a seat, so one check can follow all lists.
        var progress = ScheduleProgress(rules)
        for action in schedule.actions.joined() { try progress.take(action) }
        try verifyMatching(schedule, rules)
        try play(schedule, numbers)
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

    private static func verifyCounts(_ schedule: Schedule, _ numbers: ActionNumbers) throws(PlanningError) {
        let rules = numbers.rules
        guard schedule.actions.count == rules.stages.count else {
            throw PlanningError(
                "the schedule has lists for \(schedule.actions.count) ranks, and the plan is for \(rules.stages.count)")
        }
        var counts = [UInt8](repeating: 0, count: numbers.count)
        var misplaced: Action?
        for (rank, actions) in schedule.actions.enumerated() {
            for action in actions {
                guard let stage = rules.stage(of: action) else {
                    throw PlanningError("rank \(rank) is to do something that the plan does not know")
                }
                guard let number = numbers[action] else {
                    misplaced = misplaced ?? action
                    continue
                }
                let owner = rules.rank(of: stage, for: action.microbatch)
                guard owner == rank else {
                    throw PlanningError(
                        "'\(action.text(rules))' is in the list of rank \(rank), not of its owner \(owner)")
                }
                counts[number] = min(2, counts[number] + 1)
            }
        }
        for microbatch in 0..<schedule.microbatchCount {
            for action in rules.actions(for: microbatch) {
                let number = numbers[action]!
                guard counts[number] == 1 else {
                    throw PlanningError("'\(action.text(rules))' must be in the schedule exactly once")
                }
                counts[number] = 0
            }
        }
        if let misplaced {
            throw PlanningError("'\(misplaced.text(rules))' is for a microbatch that does not exist")
        }
        for action in schedule.actions.joined() where counts[numbers[action]!] > 0 {
            throw PlanningError("'\(action.text(rules))' is between two stages on one rank: nothing is sent")
        }
    }

    /// MPI matches the messages of an edge between two ranks in the order in which they are sent and received.
    private static func verifyMatching(_ schedule: Schedule, _ rules: ScheduleRules) throws(PlanningError) {
        struct Channel: Hashable {
            let edge: Int
            let sender: Int
            let receiver: Int
        }
        func channel(_ edge: Int, _ microbatch: Int) -> Channel {
            Channel(
                edge: edge, sender: rules.sender(over: edge, of: microbatch),
                receiver: rules.receiver(over: edge, of: microbatch))
        }
        var sent: [Channel: [Int]] = [:]
        for action in schedule.actions.joined() {
            guard case .send(let edge, let microbatch) = action else { continue }
            sent[channel(edge, microbatch), default: []].append(microbatch)
        }
        var received: [Channel: Int] = [:]
        for action in schedule.actions.joined() {
            guard case .receive(let edge, let microbatch) = action else { continue }
            let channel = channel(edge, microbatch)
            let place = received[channel, default: 0]
            received[channel] = place + 1
            guard let other = sent[channel]?[place], other != microbatch else { continue }
            let (this, that) = (
                Action.receive(edge: edge, microbatch: microbatch), Action.send(edge: edge, microbatch: other)
            )
            throw PlanningError(
                "'\(this.text(rules))' would get the message of '\(that.text(rules))': an edge carries the microbatches in "
                    + "order between two ranks")
        }
    }

    /// Simulates the schedule with no more than MPI guarantees: a send completes only once its receive is posted. Only
    /// `run` actions wait: for messages to arrive, and for buffers that receivers have not taken yet.
    private static func play(_ schedule: Schedule, _ numbers: ActionNumbers) throws(PlanningError) {
        let rules = numbers.rules
        var next = [Int](repeating: 0, count: schedule.actions.count)
        var isDone = [Bool](repeating: false, count: numbers.count)
        var history = SeatHistory(rules)
        func canStart(_ stage: Int, _ microbatch: Int) -> Bool {
            for edge in rules.incoming[stage] where !rules.isWithinRank(edge, microbatch) {
                guard isDone[numbers.send(edge, microbatch)] else { return false }
            }
            let seat = rules.seat(of: stage, for: microbatch)
            for edge in rules.outgoing[stage] {
                guard let leaving = history.leaving(on: edge, from: seat, rules),
                    !rules.isWithinRank(edge, leaving)
                else { continue }
                guard isDone[numbers.receive(edge, leaving)] else { return false }
            }
            return true
        }

        var moved = true
        while moved {
            moved = false
            for rank in schedule.actions.indices {
                let actions = schedule.actions[rank]
                while next[rank] < actions.count {
                    let action = actions[next[rank]]
                    if case .run(let stage, let microbatch) = action {
                        guard canStart(stage, microbatch) else { break }
                        history.note(microbatch, at: rules.seat(of: stage, for: microbatch))
                    }
                    isDone[numbers[action]!] = true
                    next[rank] += 1
                    moved = true
                }
            }
        }
        for rank in schedule.actions.indices where next[rank] < schedule.actions[rank].count {
            throw PlanningError(
                "deadlock: rank \(rank) would wait for ever at '\(schedule.actions[rank][next[rank]].text(rules))'")
        }
    }
}

/// All actions that a schedule can have, numbered.
private struct ActionNumbers {
    let rules: ScheduleRules
    private let stageCount: Int
    private let edgeCount: Int
    private let perMicrobatch: Int

    init(_ rules: ScheduleRules) {
        self.rules = rules
        stageCount = rules.plan.stages.count
        edgeCount = rules.plan.edges.count
        perMicrobatch = 2 * stageCount + 2 * edgeCount + rules.plan.inputs.count
    }

    var count: Int { perMicrobatch * rules.microbatchCount }

    func send(_ edge: Int, _ microbatch: Int) -> Int { microbatch * perMicrobatch + 2 * stageCount + edge }
    func receive(_ edge: Int, _ microbatch: Int) -> Int { send(edge, microbatch) + edgeCount }

    /// Nil for a microbatch that does not exist.
    ///
    /// - Precondition: the plan has such an action.
    subscript(action: Action) -> Int? {
        guard (0..<rules.microbatchCount).contains(action.microbatch) else { return nil }
        return switch action {
        case .run(let stage, let microbatch): microbatch * perMicrobatch + stage
        case .write(let stage, let microbatch): microbatch * perMicrobatch + stageCount + stage
        case .send(let edge, let microbatch): send(edge, microbatch)
        case .receive(let edge, let microbatch): receive(edge, microbatch)
        case .read(let input, let microbatch): microbatch * perMicrobatch + 2 * stageCount + 2 * edgeCount + input
        }
    }
}
