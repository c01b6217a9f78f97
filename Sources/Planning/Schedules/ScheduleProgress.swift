/// How far a rank has come, and where in its list the next action may come, whatever other ranks do: each action finds
/// its operands there and its buffer free.
///
/// For lists that hold each action exactly once. One value may follow the lists of several ranks, since no two ranks
/// share a seat.
public struct ScheduleProgress: Sendable {
    public private(set) var rules: ScheduleRules
    private var history: SeatHistory
    /// By edge, the team that receives, and the ring: microbatches whose receive is posted, in that order.
    private var posted: WaitingLists
    /// By input, and the team that reads: the microbatch that its buffer holds.
    private var read: WaitingLists
    /// By edge, and the team at its beginning: microbatches whose value has not been taken from its buffer yet, within
    /// a rank.
    private var kept: WaitingLists
    /// By stage: whether it carries state, and so takes the microbatches in their own order.
    private let carriesState: [Bool]

    private var plan: PartitionPlan { rules.plan }

    public init(_ rules: ScheduleRules) {
        self.rules = rules
        history = SeatHistory(rules)
        let teamCounts = rules.plan.stages.map(\.teams.count)
        posted = WaitingLists(
            teamCounts: zip(rules.targets, rules.ringCounts).map { teamCounts[$0] * $1 },
            capacities: zip(rules.receiveSlotCounts, rules.ringCounts).map { $0 / $1 })
        kept = WaitingLists(teamCounts: rules.sources.map { teamCounts[$0] }, capacities: rules.sendSlotCounts)
        read = WaitingLists(
            teamCounts: rules.plan.inputs.map { teamCounts[$0.stage] }, capacities: rules.plan.inputs.map { _ in 1 })
        var carriesState = rules.plan.stages.map { _ in false }
        for state in rules.plan.states { carriesState[state.stage] = true }
        self.carriesState = carriesState
    }

    /// Records what was decided during the run.
    public mutating func give(_ microbatch: Int, to lane: Int) { rules.give(microbatch, to: lane) }

    /// The next action of a rank.
    ///
    /// - Throws: where its operands or its buffer would not be ready.
    public mutating func take(_ action: Action) throws(PlanningError) {
        switch action {
        case .read(let input, let microbatch):
            let stage = plan.inputs[input].stage
            let list = read.list(input, team: rules.team(of: stage, for: microbatch))
            if let held = read.first(list) {
                throw error(
                    action, "comes before", .run(stage: stage, microbatch: held), "which needs the buffer")
            }
            read.append(microbatch, to: list)
        case .receive(let edge, let microbatch):
            let list = postedList(edge, microbatch)
            guard !posted.isFull(list) else {
                throw PlanningError("'\(action.text(rules))' finds no free buffer")
            }
            posted.append(microbatch, to: list)
        case .run(let stage, let microbatch): try run(action, stage, microbatch)
        case .send(let edge, let microbatch): try give(action, from: rules.sources[edge], microbatch)
        case .write(let stage, let microbatch): try give(action, from: stage, microbatch)
        }
    }

    private mutating func run(_ action: Action, _ stage: Int, _ microbatch: Int) throws(PlanningError) {
        let seat = rules.seat(of: stage, for: microbatch)
        if carriesState[stage], history.counts[seat] != microbatch {
            throw error(
                action, "comes before", .run(stage: stage, microbatch: history.counts[seat]),
                "but a stage that carries state takes the microbatches in order")
        }
        let team = rules.team(of: stage, for: microbatch)
        for input in rules.inputs[stage] {
            let list = read.list(input, team: team)
            guard read.first(list) == microbatch else {
                throw error(action, "comes before", .read(input: input, microbatch: microbatch), "whose items it needs")
            }
            read.removeFirst(list)
        }
        for edge in rules.incoming[stage] { try takeOperand(action, over: edge, stage, microbatch) }
        for edge in rules.outgoing[stage] {
            let list = kept.list(edge, team: team)
            if let leaving = history.leaving(on: edge, from: seat, rules), kept.first(list) == leaving {
                throw error(
                    action, "comes before", .run(stage: rules.targets[edge], microbatch: leaving),
                    "which needs the buffer")
            }
            if rules.isWithinRank(edge, microbatch) { kept.append(microbatch, to: list) }
        }
        history.note(microbatch, at: seat)
    }

    private func postedList(_ edge: Int, _ microbatch: Int) -> Int {
        let team = rules.team(of: rules.targets[edge], for: microbatch)
        return posted.list(edge, team: team * rules.ringCounts[edge] + rules.ring(of: edge, for: microbatch))
    }

    private mutating func takeOperand(
        _ action: Action, over edge: Int, _ stage: Int, _ microbatch: Int
    ) throws(PlanningError) {
        if rules.isWithinRank(edge, microbatch) {
            let source = rules.sources[edge]
            let list = kept.list(edge, team: rules.team(of: source, for: microbatch))
            guard kept.first(list) == microbatch else {
                throw error(
                    action, "comes before", .run(stage: source, microbatch: microbatch),
                    "whose result it needs, in order")
            }
            return kept.removeFirst(list)
        }
        let list = postedList(edge, microbatch)
        guard let first = posted.first(list) else {
            throw error(action, "comes before", .receive(edge: edge, microbatch: microbatch), "whose message it needs")
        }
        guard first == microbatch else {
            throw error(
                action, "comes before", .run(stage: stage, microbatch: first),
                "but messages are taken in order, as they were posted")
        }
        posted.removeFirst(list)
    }

    /// For actions that take the results of the microbatch that was computed last.
    private func give(_ action: Action, from stage: Int, _ microbatch: Int) throws(PlanningError) {
        let last = history.microbatch(1, at: rules.seat(of: stage, for: microbatch))
        guard last != microbatch else { return }
        // Where microbatches are not computed in the order of their numbers, the counts do not tell which of the two
        // errors it is.
        if let last, last > microbatch {
            throw error(
                action, "comes after", .run(stage: stage, microbatch: last),
                "but results leave before the next are made")
        }
        throw error(
            action, "comes before", .run(stage: stage, microbatch: microbatch), "which makes its results")
    }

    private func error(_ action: Action, _ relation: String, _ other: Action, _ reason: String) -> PlanningError {
        PlanningError("'\(action.text(rules))' \(relation) '\(other.text(rules))', \(reason)")
    }
}

/// Short lists of microbatches, first in, first out: for each index, and each team of it, one list of a given capacity.
private struct WaitingLists: Sendable {
    /// By index: its first list; by list: where its ring begins, one more at the end.
    private let firstLists: [Int]
    private let offsets: [Int]
    private var rings: [Int]
    /// By list: how many numbers were ever added and removed.
    private var arrived: [Int]
    private var gone: [Int]

    init(teamCounts: [Int], capacities: [Int]) {
        var firstLists: [Int] = []
        var offsets = [0]
        for (teams, capacity) in zip(teamCounts, capacities) {
            firstLists.append(offsets.count - 1)
            for _ in 0..<teams { offsets.append(offsets.last! + capacity) }
        }
        self.firstLists = firstLists
        self.offsets = offsets
        rings = [Int](repeating: 0, count: offsets.last!)
        arrived = [Int](repeating: 0, count: offsets.count - 1)
        gone = arrived
    }

    func list(_ index: Int, team: Int) -> Int { firstLists[index] + team }

    private func place(_ number: Int, _ list: Int) -> Int {
        offsets[list] + number % (offsets[list + 1] - offsets[list])
    }

    func isFull(_ list: Int) -> Bool { arrived[list] - gone[list] == offsets[list + 1] - offsets[list] }

    func first(_ list: Int) -> Int? { gone[list] < arrived[list] ? rings[place(gone[list], list)] : nil }

    /// - Precondition: the list is not full.
    mutating func append(_ microbatch: Int, to list: Int) {
        precondition(!isFull(list))
        rings[place(arrived[list], list)] = microbatch
        arrived[list] += 1
    }

    mutating func removeFirst(_ list: Int) { gone[list] += 1 }
}
