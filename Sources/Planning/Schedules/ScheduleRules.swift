/// What the actions of a plan's schedules mean, defined once: which rank they belong to, what they wait for, and what
/// they free. The maker of schedules, the verifier, the simulator, the exporter and, in debug builds, the executor use
/// these rules.
///
/// A rank carries its list out in order. Only `run` waits: for the messages of its operands, and for buffers whose
/// earlier results have not left yet. All other actions begin at once; `ScheduleProgress` defines where in a list they
/// may come, so that this is possible. A *seat* is one team of one stage: it has an order, buffers and a rank.
public struct ScheduleRules: Sendable {
    public let plan: PartitionPlan
    public let microbatchCount: Int
    let laneCount: Int
    /// By stage: the edges that end there, those that begin there, and the inputs of the model that it reads, by index.
    let incoming: [[Int]]
    let outgoing: [[Int]]
    let inputs: [[Int]]
    /// By stage: whether it writes outputs of the model.
    let writes: [Bool]
    /// By edge.
    let sendSlotCounts: [Int]
    let receiveSlotCounts: [Int]
    /// By edge: the stages at its ends.
    let sources: [Int]
    let targets: [Int]
    private(set) var sharing: LaneSharing
    /// By edge.
    let ringCounts: [Int]
    /// By stage.
    private let firstSeat: [Int]
    private let teamCounts: [Int]
    /// By seat: the rank that others speak to.
    private let leads: [Int]
    /// By rank.
    let stages: [[Int]]

    /// - Parameter microbatchCount: of microbatches that are all alike.
    public init(_ plan: PartitionPlan, microbatchCount: Int) {
        self.init(plan, sharing: LaneSharing(plan, work: WorkTable(alike: microbatchCount)))
    }

    public init(_ plan: PartitionPlan, sharing: LaneSharing) {
        self.plan = plan
        self.sharing = sharing
        microbatchCount = sharing.microbatchCount
        let none = [[Int]](repeating: [], count: plan.stages.count)
        var (incoming, outgoing, inputs) = (none, none, none)
        for edge in plan.edges {
            incoming[edge.to].append(edge.index)
            outgoing[edge.from].append(edge.index)
        }
        for (input, site) in plan.inputs.enumerated() { inputs[site.stage].append(input) }
        var writes = plan.stages.map { _ in false }
        for output in plan.outputs { writes[output.stage] = true }
        self.incoming = incoming
        self.outgoing = outgoing
        self.inputs = inputs
        self.writes = writes
        sendSlotCounts = plan.edges.map(\.sendSlotCount)
        receiveSlotCounts = plan.edges.map(\.receiveSlotCount)
        sources = plan.edges.map(\.from)
        targets = plan.edges.map(\.to)
        teamCounts = plan.stages.map(\.teams.count)
        var seat = 0
        firstSeat = teamCounts.map { count in
            defer { seat += count }
            return seat
        }
        leads = plan.stages.flatMap { $0.teams.map(\.lead) }
        stages = plan.stagesByRank
        laneCount = plan.laneCount
        let isOpen = plan.isDecidedInTheRun
        ringCounts = plan.edges.map { isOpen && !plan.stages[$0.to].hasLayers ? plan.laneCount : 1 }
    }

    // MARK: Who

    /// The lane that computes a microbatch.
    public func lane(of microbatch: Int) -> Int { sharing.lanes.isEmpty ? 0 : Int(sharing.lanes[microbatch]) }

    /// By lane: seconds that it is predicted to take for a full microbatch; only where lanes are chosen during the run.
    public var paces: [Double] { sharing.paces }

    /// Records what was decided during the run.
    public mutating func give(_ microbatch: Int, to lane: Int) { sharing.give(microbatch, to: lane) }

    /// Into how many rings the buffers at the end of an edge are divided, one for each lane that sends. Messages of a
    /// ring are taken in order.
    public func ringCount(of edge: Int) -> Int { ringCounts[edge] }

    /// The ring of an edge that receives a microbatch's message.
    public func ring(of edge: Int, for microbatch: Int) -> Int {
        ringCounts[edge] == 1 ? 0 : lane(of: microbatch)
    }

    func teamCount(of stage: Int) -> Int { teamCounts[stage] }

    /// The team that computes a stage for a microbatch, by its place among those of the stage.
    func team(of stage: Int, for microbatch: Int) -> Int {
        sharing.lanes.isEmpty ? 0 : Int(sharing.lanes[microbatch]) % teamCounts[stage]
    }

    /// The same as a seat.
    func seat(of stage: Int, for microbatch: Int) -> Int { firstSeat[stage] + team(of: stage, for: microbatch) }

    /// The rank that computes a stage for a microbatch, or the rank that communicates for the team that does.
    public func rank(of stage: Int, for microbatch: Int) -> Int { leads[seat(of: stage, for: microbatch)] }

    /// Microbatches of the collecting rank's lane that are expected to be done before this one.
    func turn(of microbatch: Int) -> Int { sharing.turns.isEmpty ? microbatch : Int(sharing.turns[microbatch]) }

    /// The microbatch that is begun at a place of the order.
    public func microbatch(at place: Int) -> Int { sharing.order.isEmpty ? place : Int(sharing.order[place]) }

    /// The order in which results of replicas are collected.
    var collectingOrder: [Int32] {
        guard sharing.collecting.isEmpty else { return sharing.collecting }
        let own = sharing.order.isEmpty ? (0..<Int32(microbatchCount)).map { $0 } : sharing.order
        // The first of each lane before the second of any.
        return own.enumerated().sorted {
            (turn(of: Int($0.element)), $0.offset) < (turn(of: Int($1.element)), $1.offset)
        }.map(\.element)
    }

    /// The stages at the two ends of an edge.
    public func source(of edge: Int) -> Int { sources[edge] }
    public func target(of edge: Int) -> Int { targets[edge] }

    /// The ranks at the two ends of an edge. Where they are the same, nothing is sent.
    public func sender(over edge: Int, of microbatch: Int) -> Int { rank(of: sources[edge], for: microbatch) }
    public func receiver(over edge: Int, of microbatch: Int) -> Int { rank(of: targets[edge], for: microbatch) }

    /// Whether an edge's two ends are on one rank for a microbatch, which passes the value on in its buffer.
    public func isWithinRank(_ edge: Int, _ microbatch: Int) -> Bool {
        sender(over: edge, of: microbatch) == receiver(over: edge, of: microbatch)
    }

    // MARK: What

    /// The stage that an action is a part of; nil where the plan knows no such action.
    func stage(of action: Action) -> Int? {
        switch action {
        case .read(let input, _): plan.inputs.indices.contains(input) ? plan.inputs[input].stage : nil
        case .receive(let edge, _): plan.edges.indices.contains(edge) ? targets[edge] : nil
        case .send(let edge, _): plan.edges.indices.contains(edge) ? sources[edge] : nil
        case .run(let stage, _): plan.stages.indices.contains(stage) ? stage : nil
        case .write(let stage, _): plan.stages.indices.contains(stage) && writes[stage] ? stage : nil
        }
    }

    /// Actions of one stage for one microbatch, at most.
    func actionCount(ofStage stage: Int) -> Int {
        1 + incoming[stage].count + outgoing[stage].count + inputs[stage].count + (writes[stage] ? 1 : 0)
    }

    /// Everything that must be done for a microbatch, each once.
    func actions(for microbatch: Int) -> [Action] {
        plan.stages.indices.flatMap { stage -> [Action] in
            var list: [Action] = [.run(stage: stage, microbatch: microbatch)]
            for edge in incoming[stage] where !isWithinRank(edge, microbatch) {
                list.append(.receive(edge: edge, microbatch: microbatch))
            }
            for edge in outgoing[stage] where !isWithinRank(edge, microbatch) {
                list.append(.send(edge: edge, microbatch: microbatch))
            }
            for input in inputs[stage] { list.append(.read(input: input, microbatch: microbatch)) }
            if writes[stage] { list.append(.write(stage: stage, microbatch: microbatch)) }
            return list
        }
    }
}

/// What each seat has computed last. This is what its buffers hold, since they are taken in turn.
struct SeatHistory: Sendable {
    /// By seat: the last microbatches that it has computed, in a ring.
    private var rings: [Int]
    /// By seat: where its ring begins; one more at the end.
    private let offsets: [Int]
    /// By seat: microbatches computed so far.
    private(set) var counts: [Int]

    init(_ rules: ScheduleRules) {
        var offsets = [0]
        for (stage, edges) in rules.outgoing.enumerated() {
            let length = edges.reduce(1) { max($0, rules.sendSlotCounts[$1]) }
            for _ in rules.plan.stages[stage].teams { offsets.append(offsets.last! + length) }
        }
        self.offsets = offsets
        rings = [Int](repeating: -1, count: offsets.last!)
        counts = [Int](repeating: 0, count: offsets.count - 1)
    }

    mutating func note(_ microbatch: Int, at seat: Int) {
        let length = offsets[seat + 1] - offsets[seat]
        rings[offsets[seat] + counts[seat] % length] = microbatch
        counts[seat] += 1
    }

    /// The microbatch that was computed that many computations ago, 1 for the last; nil where there was none.
    func microbatch(_ back: Int, at seat: Int) -> Int? {
        guard back <= counts[seat] else { return nil }
        return rings[offsets[seat] + (counts[seat] - back) % (offsets[seat + 1] - offsets[seat])]
    }

    /// The microbatch whose message over an edge must have left before the edge's seat computes the next, since both
    /// results use the same buffer; nil where there is none.
    func leaving(on edge: Int, from seat: Int, _ rules: ScheduleRules) -> Int? {
        microbatch(rules.sendSlotCounts[edge], at: seat)
    }
}
