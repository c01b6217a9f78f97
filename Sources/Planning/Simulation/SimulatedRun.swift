internal import HeapModule

/// The state of a simulation under way.
struct SimulatedRun {
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
        /// What it is busy with until its next event.
        var activity: Timeline.Activity?
        /// Handling of messages that makes what it is busy with longer.
        var debt = 0.0
        var seconds = [Timeline.Activity: Double]()
        var end = 0.0
        var spans: [Timeline.Span] = []
    }

    private struct Message {
        var isPosted = false
        var isRequested = false
        var isArrived = false
        var sent = 0.0
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
    private var linkFree: [Cluster.NodePair: Double] = [:]  // of unlike links: when they are free again
    private let links: [Cluster.Link]  // by edge
    private let spanLimit: Int
    private var events = Heap<Event>()
    private var eventCount = 0
    private var now = 0.0

    init(
        _ schedule: Schedule, _ plan: PartitionPlan, _ costs: ScheduleCosts, _ cluster: Cluster, spanLimit: Int
    ) {
        self.spanLimit = spanLimit
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
        links = plan.edges.map { cluster.link(from: plan.stages[$0.from].rank, to: plan.stages[$0.to].rank) }
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

    /// Makes a rank busy from now on.
    private mutating func occupy(_ rank: Int, _ activity: Timeline.Activity, _ microbatch: Int, for seconds: Double) {
        ranks[rank].seconds[activity, default: 0] += seconds
        ranks[rank].activity = activity
        ranks[rank].next += 1
        if ranks[rank].spans.count < spanLimit {
            ranks[rank].spans.append(.init(activity, microbatch: microbatch, start: now, end: now + seconds))
        }
        foresee(.proceed(rank: rank), at: now + seconds)
    }

    /// A rank handles a message: beside its waiting when it waits, else what it is busy with takes so much longer.
    private mutating func handle(_ rank: Int, for seconds: Double) {
        guard seconds > 0, ranks[rank].activity != nil else { return }
        ranks[rank].debt += seconds
    }

    /// Carries out a rank's actions until one takes time.
    private mutating func proceed(_ rank: Int) {
        if ranks[rank].debt > 0 {
            let debt = ranks[rank].debt
            ranks[rank].debt = 0
            ranks[rank].seconds[.communicate, default: 0] += debt
            return foresee(.proceed(rank: rank), at: now + debt)
        }
        ranks[rank].activity = nil
        let actions = schedule.actions[rank]
        while ranks[rank].next < actions.count {
            switch actions[ranks[rank].next] {
            case .read(let input, let microbatch):
                let seconds = costs.read(input: input, microbatch: microbatch)
                if seconds > 0 { return occupy(rank, .inputOutput, microbatch, for: seconds) }
            case .write(let microbatch):
                let seconds = costs.write(microbatch: microbatch)
                if seconds > 0 { return occupy(rank, .inputOutput, microbatch, for: seconds) }
            case .receive(let edge, let microbatch):
                messages[edge][microbatch].isPosted = true
                clear(edge, microbatch)
            case .send(let edge, let microbatch):
                messages[edge][microbatch].sent = now
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
                return occupy(
                    rank, .compute, microbatch,
                    for: costs.compute(stage: stage, microbatch: microbatch, on: cluster.ranks[rank]))
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
        // The message that came last is what the rank stood still for; what passed after it was sent is transfer.
        let last = incoming[stage].max { messages[$0][microbatch].arrival < messages[$1][microbatch].arrival }
        let message = last.map { messages[$0][microbatch] }
        let arrival = min(now, message?.arrival ?? start)
        let transfer = max(0, arrival - max(start, message?.sent ?? arrival))
        note(rank, .wait, microbatch, start, arrival - transfer)
        note(rank, .transfer, microbatch, arrival - transfer, arrival)
        note(rank, .wait, microbatch, max(start, arrival), now)
    }

    private mutating func note(
        _ rank: Int, _ activity: Timeline.Activity, _ microbatch: Int, _ start: Double, _ end: Double
    ) {
        guard end > start else { return }
        ranks[rank].seconds[activity, default: 0] += end - start
        guard ranks[rank].spans.count < spanLimit else { return }
        ranks[rank].spans.append(.init(activity, microbatch: microbatch, start: start, end: end))
    }

    // MARK: Messages

    private func isEager(_ edge: Int, _ microbatch: Int) -> Bool {
        costs.byteCount(edge: edge, microbatch: microbatch) <= Double(cluster.eagerByteCount)
    }

    private mutating func send(_ edge: Int, _ microbatch: Int) {
        if isEager(edge, microbatch) {
            transfer(edge, microbatch)
        } else {
            foresee(.requested(edge: edge, microbatch: microbatch), at: now + links[edge].latency)
        }
    }

    /// Once request and posted receive have met, the clearance goes back.
    private mutating func clear(_ edge: Int, _ microbatch: Int) {
        guard messages[edge][microbatch].isPosted, messages[edge][microbatch].isRequested else { return }
        foresee(.cleared(edge: edge, microbatch: microbatch), at: now + links[edge].latency)
    }

    private mutating func transfer(_ edge: Int, _ microbatch: Int) {
        let link = links[edge]
        let byteCount = costs.byteCount(edge: edge, microbatch: microbatch)
        var seconds = link.transferSeconds(byteCount)
        let (from, to) = (plan.stages[plan.edges[edge].from].rank, plan.stages[plan.edges[edge].to].rank)
        let (source, destination) = (cluster.ranks[from].node, cluster.ranks[to].node)
        var start = now
        if source != destination {
            let pair = Cluster.NodePair(source, destination)
            let isUnlike = cluster.unlikeLinks[pair] != nil
            start = max(now, interfaceOut[source], interfaceIn[destination], isUnlike ? linkFree[pair] ?? 0 : 0)
            // A slow way between two nodes leaves room for others on their interfaces.
            let through = min(seconds, cluster.acrossNodes.transferSeconds(byteCount))
            interfaceOut[source] = start + through
            interfaceIn[destination] = start + through
            if isUnlike { linkFree[pair] = start + seconds }
            seconds = max(seconds, through)
        }
        handle(from, for: link.sendHandling * byteCount)
        handle(to, for: link.receiveHandling * byteCount)
        foresee(.arrived(edge: edge, microbatch: microbatch), at: start + seconds + link.latency)
    }

    var timeline: Timeline {
        Timeline(
            ranks: ranks.enumerated().map { rank, state in
                let stage = plan.stage(ofRank: rank)
                var summary = Timeline.RankSummary(rank: rank, stage: stage)
                summary.seconds = state.seconds
                summary.elapsed = state.end
                summary.spans = state.spans
                summary.peakMemory = stage.map { costs.stageByteCounts[$0] } ?? 0
                return summary
            })
    }
}
