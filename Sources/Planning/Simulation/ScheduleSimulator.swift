internal import HeapModule

/// Plays a schedule on a cluster and says when everything would happen: the same lists of actions that ranks carry out,
/// the same rules for when an action can go on.
///
/// A discrete-event simulation. Computing takes operations / speed; a message takes the latency and bytes / bandwidth of
/// its link, three latencies above the eager limit, and messages between nodes go through the interfaces of both nodes
/// one after another. Reading and writing files, posting and kernels' own overheads count as nothing.
public struct ScheduleSimulator {
    private let schedule: Schedule
    private let plan: PartitionPlan
    private let costs: ScheduleCosts
    private let cluster: Cluster

    /// - Precondition: the cluster has as many ranks as the plan, and costs for each microbatch are there.
    public init(_ schedule: Schedule, of plan: PartitionPlan, costs: ScheduleCosts, on cluster: Cluster) {
        precondition(cluster.ranks.count >= plan.stages.count, "fewer ranks than stages")
        precondition(costs.microbatchSizes.count >= schedule.microbatchCount, "microbatches without costs")
        self.schedule = schedule
        self.plan = plan
        self.costs = costs
        self.cluster = cluster
    }

    /// What would be measured: seconds by activity for each rank, waits attributed.
    ///
    /// - Throws: where the schedule would wait for ever.
    public func timeline() throws(PlanningError) -> Timeline {
        var run = SimulatedRun(schedule, plan, costs, cluster)
        try run.play()
        return run.timeline
    }
}

/// The state of a simulation under way.
private struct SimulatedRun {
    private enum Happening {
        /// A rank goes on with its list.
        case proceed(rank: Int)
        /// The sender's request has reached the receiver.
        case requested(edge: Int, microbatch: Int)
        /// The data may start.
        case cleared(edge: Int, microbatch: Int)
        case arrived(edge: Int, microbatch: Int)
    }

    private struct Event: Comparable {
        let time: Double
        /// Events of one time happen in the order in which they were foreseen.
        let number: Int
        let happening: Happening

        static func < (left: Event, right: Event) -> Bool { (left.time, left.number) < (right.time, right.number) }
        static func == (left: Event, right: Event) -> Bool { (left.time, left.number) == (right.time, right.number) }
    }

    private struct RankState {
        var next = 0
        var isWaiting = false
        var waitStart = 0.0
        var compute = 0.0
        var wait = 0.0
        var receiveWait = 0.0
        var end = 0.0
        var sends: [Timeline.MessageEvent] = []
        var waits: [Timeline.MessageEvent] = []
    }

    private struct Message {
        var isPosted = false
        var isRequested = false
        var isArrived = false
        var arrival = 0.0
    }

    private let schedule: Schedule
    private let plan: PartitionPlan
    private let costs: ScheduleCosts
    private let cluster: Cluster
    private let incoming: [[Int]]  // edges by stage
    private let outgoing: [[Int]]
    private let sendSlotCounts: [Int]  // by edge
    private var ranks: [RankState]
    private var messages: [[Message]]  // by edge, by microbatch
    private var interfaceOut: [Double]  // by node: when it is free again
    private var interfaceIn: [Double]
    private var events = Heap<Event>()
    private var eventCount = 0
    private var now = 0.0

    init(_ schedule: Schedule, _ plan: PartitionPlan, _ costs: ScheduleCosts, _ cluster: Cluster) {
        self.schedule = schedule
        self.plan = plan
        self.costs = costs
        self.cluster = cluster
        var incoming = [[Int]](repeating: [], count: plan.stages.count)
        var outgoing = incoming
        for edge in plan.edges {
            incoming[edge.to].append(edge.index)
            outgoing[edge.from].append(edge.index)
        }
        self.incoming = incoming
        self.outgoing = outgoing
        sendSlotCounts = plan.edges.map { plan.sendSlotCount(of: $0.value, from: $0.from) }
        ranks = [RankState](repeating: RankState(), count: schedule.actions.count)
        messages = plan.edges.map { _ in [Message](repeating: Message(), count: schedule.microbatchCount) }
        let nodeCount = (cluster.ranks.map(\.node).max() ?? 0) + 1
        interfaceOut = [Double](repeating: 0, count: nodeCount)
        interfaceIn = interfaceOut
    }

    mutating func play() throws(PlanningError) {
        for rank in ranks.indices { foresee(.proceed(rank: rank), at: 0) }
        while let event = events.popMin() {
            now = event.time
            switch event.happening {
            case .proceed(let rank): proceed(rank)
            case .requested(let edge, let microbatch):
                messages[edge][microbatch].isRequested = true
                clear(edge, microbatch)
            case .cleared(let edge, let microbatch): transfer(edge, microbatch)
            case .arrived(let edge, let microbatch):
                messages[edge][microbatch].isArrived = true
                messages[edge][microbatch].arrival = now
                wake(plan.stages[plan.edges[edge].to].rank)
                wake(plan.stages[plan.edges[edge].from].rank)
            }
        }
        for (rank, state) in ranks.enumerated() where state.next < schedule.actions[rank].count {
            throw PlanningError(
                "deadlock: rank \(rank) would wait for ever at '\(schedule.actions[rank][state.next].text(in: plan))'")
        }
    }

    private mutating func foresee(_ happening: Happening, at time: Double) {
        eventCount += 1
        events.insert(Event(time: time, number: eventCount, happening: happening))
    }

    private mutating func wake(_ rank: Int) {
        guard ranks[rank].isWaiting else { return }
        proceed(rank)
    }

    /// Carries out a rank's actions until one takes time.
    private mutating func proceed(_ rank: Int) {
        let actions = schedule.actions[rank]
        while ranks[rank].next < actions.count {
            switch actions[ranks[rank].next] {
            case .read, .write: break
            case .receive(let edge, let microbatch):
                messages[edge][microbatch].isPosted = true
                clear(edge, microbatch)
            case .send(let edge, let microbatch):
                ranks[rank].sends.append(.init(edge: edge, microbatch: microbatch, start: now, end: now))
                send(edge, microbatch)
            case .run(let stage, let microbatch):
                guard canRun(stage, microbatch) else {
                    if !ranks[rank].isWaiting {
                        ranks[rank].isWaiting = true
                        ranks[rank].waitStart = now
                    }
                    return
                }
                noteWait(rank, stage, microbatch)
                let seconds =
                    costs.flops(stage: stage, microbatch: microbatch) / cluster.ranks[rank].flopsPerSecond
                ranks[rank].compute += seconds
                ranks[rank].next += 1
                return foresee(.proceed(rank: rank), at: now + seconds)
            }
            ranks[rank].next += 1
        }
        ranks[rank].end = max(ranks[rank].end, now)
    }

    /// Operands have come, and the receivers of earlier results have taken them.
    private func canRun(_ stage: Int, _ microbatch: Int) -> Bool {
        incoming[stage].allSatisfy { messages[$0][microbatch].isArrived }
            && outgoing[stage].allSatisfy { edge in
                let earlier = microbatch - sendSlotCounts[edge]
                return earlier < 0 || messages[edge][earlier].isArrived
            }
    }

    private mutating func noteWait(_ rank: Int, _ stage: Int, _ microbatch: Int) {
        guard ranks[rank].isWaiting else { return }
        ranks[rank].isWaiting = false
        let start = ranks[rank].waitStart
        ranks[rank].wait += now - start
        // The message that came last is what the rank stood still for.
        guard
            let last = incoming[stage].max(by: { messages[$0][microbatch].arrival < messages[$1][microbatch].arrival })
        else { return }
        let end = messages[last][microbatch].arrival
        guard end > start else { return }
        ranks[rank].receiveWait += end - start
        ranks[rank].waits.append(.init(edge: last, microbatch: microbatch, start: start, end: end))
    }

    // MARK: Messages

    private func link(_ edge: Int) -> Cluster.Link {
        cluster.link(from: plan.stages[plan.edges[edge].from].rank, to: plan.stages[plan.edges[edge].to].rank)
    }

    private func isEager(_ edge: Int, _ microbatch: Int) -> Bool {
        costs.byteCount(edge: edge, microbatch: microbatch) <= Double(cluster.eagerByteCount)
    }

    private mutating func send(_ edge: Int, _ microbatch: Int) {
        if isEager(edge, microbatch) {
            transfer(edge, microbatch)
        } else {
            foresee(.requested(edge: edge, microbatch: microbatch), at: now + link(edge).latency)
        }
    }

    /// Once request and posted receive have met, the clearance goes back.
    private mutating func clear(_ edge: Int, _ microbatch: Int) {
        guard messages[edge][microbatch].isPosted, messages[edge][microbatch].isRequested else { return }
        foresee(.cleared(edge: edge, microbatch: microbatch), at: now + link(edge).latency)
    }

    private mutating func transfer(_ edge: Int, _ microbatch: Int) {
        let link = link(edge)
        let seconds = costs.byteCount(edge: edge, microbatch: microbatch) / link.bandwidth
        let source = cluster.ranks[plan.stages[plan.edges[edge].from].rank].node
        let destination = cluster.ranks[plan.stages[plan.edges[edge].to].rank].node
        var start = now
        if source != destination {
            start = max(now, interfaceOut[source], interfaceIn[destination])
            interfaceOut[source] = start + seconds
            interfaceIn[destination] = start + seconds
        }
        foresee(.arrived(edge: edge, microbatch: microbatch), at: start + seconds + link.latency)
    }

    var timeline: Timeline {
        var timeline = Timeline(
            ranks: ranks.enumerated().map { rank, state in
                var summary = Timeline.RankSummary(
                    rank: rank, stage: plan.stages.first { $0.rank == rank }?.index)
                summary.seconds[.compute] = state.compute
                summary.seconds[.wait] = state.wait
                summary.elapsed = state.end
                summary.sends = state.sends
                summary.waits = state.waits
                summary.receiveWait = state.receiveWait
                return summary
            })
        timeline.attributeWaits()
        return timeline
    }
}
