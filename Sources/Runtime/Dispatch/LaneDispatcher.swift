internal import Graphs
internal import MPI
internal import Planning

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Decides what a rank does next in a plan whose lanes are chosen during the run: it collects what has arrived,
/// computes what its lane has taken, and takes more when its lane has nothing left.
final class LaneDispatcher: ActionSource {
    private let executor: RankExecutor
    private let dispatch: LaneDispatch
    private let plan: PartitionPlan
    private let rules: ScheduleRules  // lanes come from the executor's rules
    /// Actions that are decided, the next one last.
    private var decided: [Action] = []
    /// Microbatches that this rank's lane has taken, and that the rank has not computed.
    private var toCompute = MicrobatchQueue()
    /// By lane: microbatches that it has taken, and that the rank has not collected; none on ranks that do not collect.
    private var toCollect: [MicrobatchQueue]
    private var isOver: [Bool]  // by lane: it takes no more
    /// Edges that end at the rank's stage, and at the stage that collects.
    private let operandEdges: [Int]
    private let collectedEdges: [Int]
    /// By edge, by lane: microbatches whose receive is decided.
    private var received: [Int: [Int]] = [:]
    /// Microbatches of this rank's own lane that it has computed and not collected.
    private var keptCount = 0
    private let keptLimit: Int
    private var isAsking = false
    private var idleSince: Double?
    private var polls = 0

    init(_ executor: RankExecutor, _ dispatch: LaneDispatch) {
        self.executor = executor
        self.dispatch = dispatch
        rules = executor.rules
        plan = rules.plan
        toCollect = (0..<dispatch.laneCount).map { _ in MicrobatchQueue() }
        isOver = (0..<dispatch.laneCount).map { _ in false }
        operandEdges = plan.edges.filter { $0.to == dispatch.stage }.map(\.index)
        collectedEdges = plan.edges.filter { $0.to == dispatch.collecting }.map(\.index)
        keptLimit =
            plan.edges.filter { $0.from == dispatch.stage && $0.to == dispatch.collecting }.map(\.sendSlotCount).min()
            ?? .max
        for edge in operandEdges + collectedEdges { received[edge] = [Int](repeating: 0, count: dispatch.laneCount) }
    }

    func next() throws -> Action? {
        while true {
            if let action = decided.popLast() { return action }
            try learn()
            decideReceives()
            if !decided.isEmpty { continue }
            if try decideCollecting() || decideComputing() {
                endIdleness()
                continue
            }
            if isAllDone {
                endIdleness()
                return nil
            }
            if idleSince == nil { idleSince = StopWatch.now }
            try executor.lookAround()
            try dispatch.serve()
            // The core is yielded to any process that can use it; with more ranks than cores that may be the rank
            // waited for.
            polls += 1
            if polls > 20 { sched_yield() }
        }
    }

    private func endIdleness() {
        polls = 0
        guard let start = idleSince.take() else { return }
        executor.noteIdleness(since: start, before: toCompute.first ?? rules.microbatchCount)
    }

    private var isAllDone: Bool {
        guard isOver[dispatch.lane], toCompute.isEmpty else { return false }
        return dispatch.collecting == nil || isOver.allSatisfy { $0 } && toCollect.allSatisfy(\.isEmpty)
    }

    // MARK: Who computes what

    private func learn() throws {
        while let (lane, places) = try dispatch.learn() { note(lane, places) }
        guard dispatch.isLead, isAsking, let places = try dispatch.pool.answer() else { return }
        isAsking = false
        note(dispatch.lane, places)
        try dispatch.tell(places)
    }

    private func note(_ lane: Int, _ places: Range<Int>) {
        if places.isEmpty { isOver[lane] = true }
        for place in places {
            let microbatch = rules.microbatch(at: place)
            executor.give(microbatch, to: lane)
            if lane == dispatch.lane { toCompute.append(microbatch) }
            if dispatch.collecting != nil { toCollect[lane].append(microbatch) }
        }
    }

    private func ask() throws {
        guard dispatch.isLead, !isAsking, !isOver[dispatch.lane] else { return }
        isAsking = true
        try dispatch.pool.ask()
        try learn()
    }

    // MARK: What to do

    /// As many receives as there are buffers for.
    private func decideReceives() {
        for edge in operandEdges { decideReceives(over: edge, lane: dispatch.lane, of: toCompute) }
        for edge in collectedEdges {
            for lane in toCollect.indices { decideReceives(over: edge, lane: lane, of: toCollect[lane]) }
        }
    }

    private func decideReceives(over edge: Int, lane: Int, of queue: MicrobatchQueue) {
        // One at a time: whether there is a buffer for one more is known when this one is posted.
        let place = received[edge]![lane]
        guard place < queue.end, executor.canReceive(over: edge, lane: lane) else { return }
        let microbatch = queue[place]
        received[edge]![lane] = place + 1
        guard !executor.rules.isWithinRank(edge, microbatch) else { return }
        decided.append(.receive(edge: edge, microbatch: microbatch))
    }

    private func decideCollecting() -> Bool {
        guard let collecting = dispatch.collecting else { return false }
        for lane in toCollect.indices {
            guard let microbatch = toCollect[lane].first, isThere(microbatch, lane) else { continue }
            toCollect[lane].removeFirst()
            if lane == dispatch.lane { keptCount -= 1 }
            decided = [
                .write(stage: collecting, microbatch: microbatch), .run(stage: collecting, microbatch: microbatch),
            ]
            return true
        }
        return false
    }

    private func isThere(_ microbatch: Int, _ lane: Int) -> Bool {
        collectedEdges.allSatisfy { edge in
            executor.rules.isWithinRank(edge, microbatch)
                ? keptCount > 0 : executor.hasCome(over: edge, lane: lane)
        }
    }

    private func decideComputing() throws -> Bool {
        if toCompute.isEmpty { try ask() }
        guard let microbatch = toCompute.first else { return false }
        if dispatch.collecting != nil {
            // The rank that collects waits for no particular message.
            guard keptCount < keptLimit, operandEdges.allSatisfy({ executor.hasCome(over: $0, lane: dispatch.lane) })
            else { return false }
            keptCount += 1
        } else {
            guard operandEdges.allSatisfy({ received[$0]![dispatch.lane] > toCompute.start }) else { return false }
        }
        toCompute.removeFirst()
        if toCompute.isEmpty, dispatch.pool.isAskedAhead { try ask() }
        let stage = dispatch.stage
        var actions: [Action] = plan.inputs.indices.lazy.filter { self.plan.inputs[$0].stage == stage }.map {
            .read(input: $0, microbatch: microbatch)
        }
        actions.append(.run(stage: stage, microbatch: microbatch))
        for edge in plan.edges where edge.from == stage && !executor.rules.isWithinRank(edge.index, microbatch) {
            actions.append(.send(edge: edge.index, microbatch: microbatch))
        }
        decided = actions.reversed()
        return true
    }
}

/// Microbatches in the order in which they were taken; those at the front are removed when they are done.
private struct MicrobatchQueue {
    private var list: [Int] = []
    /// Places of the first that is left, and after the last.
    private(set) var start = 0
    var end: Int { list.count }

    var isEmpty: Bool { start == list.count }
    var first: Int? { isEmpty ? nil : list[start] }
    subscript(place: Int) -> Int { list[place] }

    mutating func append(_ microbatch: Int) { list.append(microbatch) }
    mutating func removeFirst() { start += 1 }
}
