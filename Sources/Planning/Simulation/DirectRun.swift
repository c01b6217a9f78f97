/// A simulation that goes from microbatch to microbatch and from stage to stage instead of from event to event: when
/// something happens follows from what the stages before have done, as long as no two pairs of ranks share an interface
/// or a link and handling messages takes no processor time. The times are those of `SimulatedRun`, to the last bit,
/// many times faster.
struct DirectRun {
    private struct Message {
        var posted = Double.infinity
        var sent = Double.infinity
        var arrival = Double.infinity
        var released = -Double.infinity
    }

    /// Messages from one rank to another, one after another.
    private struct Channel {
        /// When its interfaces are free, and the link between the nodes.
        var through = 0.0
        var between = 0.0
        /// When the data of the last message was ready to be sent, and whether it was sent without waiting for its
        /// receiver.
        var lastCleared = -Double.infinity
        var lastIsEager = true
    }

    private let plan: PartitionPlan
    private let pattern: SchedulePattern
    private let costs: ScheduleCosts
    private let rules: ScheduleRules
    private let stageSeconds: [Double]  // by stage: to compute a full microbatch on its rank
    private let eagerByteCount: Double
    private let isInPieces: [Bool]  // by edge
    private let channelOfEdge: [Int]
    private let network: SimulatedNetwork
    private let microbatchCount: Int
    private let spanLimit: Int

    private var channels: [Channel]
    /// By microbatch, as far as they are needed, then by edge.
    private var messages: [Message]
    private let rowMask: Int
    private var clocks: [Double]  // by stage
    private var ranks: [SimulatedRank]  // by stage
    private var spans: [[Timeline.Span]]  // by stage
    /// False once something happened that only the simulation by events can decide.
    private var isExact = true
    /// By microbatch: when all ranks were done with it, and with all before it.
    private(set) var ends: [Double] = []

    /// - Returns: nil where only the simulation by events can decide.
    init?(
        _ pattern: SchedulePattern, of plan: PartitionPlan, costs: ScheduleCosts, on cluster: Cluster,
        microbatchCount: Int, spanLimit: Int = 0
    ) {
        let rules = ScheduleRules(plan, microbatchCount: microbatchCount)
        let network = SimulatedNetwork(rules, cluster)
        guard rules.laneCount == 1, let channelOfEdge = network.channels,
            plan.edges.allSatisfy({ edge in
                let link = network.route(edge.index, 0).link
                return link.sendHandling == 0 && link.receiveHandling == 0
            })
        else { return nil }
        (self.plan, self.pattern, self.costs, self.network) = (plan, pattern, costs, network)
        (self.channelOfEdge, self.microbatchCount, self.spanLimit) = (channelOfEdge, microbatchCount, spanLimit)
        self.rules = rules
        stageSeconds = plan.stages.map { costs.compute(stage: $0.index, on: cluster.ranks[$0.ranks[0]]) }
        eagerByteCount = Double(cluster.eagerByteCount)
        isInPieces = plan.edges.map { $0.pieceCount > 1 }
        channels = [Channel](repeating: Channel(), count: (channelOfEdge.max() ?? -1) + 1)
        let ahead = pattern.between.lazy.joined().map(\.ahead).max() ?? 0
        var rowCount = 1
        while rowCount < (plan.edges.lazy.map(\.sendSlotCount).max() ?? 1) + ahead + 2 { rowCount *= 2 }
        rowMask = rowCount - 1
        messages = [Message](repeating: Message(), count: rowCount * plan.edges.count)
        clocks = [Double](repeating: 0, count: plan.stages.count)
        ranks = [SimulatedRank](repeating: SimulatedRank(), count: plan.stages.count)
        spans = [[Timeline.Span]](repeating: [], count: plan.stages.count)
        ends.reserveCapacity(microbatchCount)
        guard play() else { return nil }
    }

    private func place(_ edge: Int, _ microbatch: Int) -> Int { (microbatch & rowMask) * plan.edges.count + edge }

    private mutating func play() -> Bool {
        for stage in clocks.indices {
            for step in pattern.first[stage] { take(step, stage, microbatch: step.ahead - 1) }
        }
        for microbatch in 0..<microbatchCount {
            var end = 0.0
            for stage in clocks.indices {
                run(stage, microbatch)
                end = max(end, clocks[stage])
                for step in pattern.between[stage] {
                    take(step, stage, microbatch: microbatch + step.ahead)
                    if step.ahead == 0 { end = max(end, clocks[stage]) }
                }
            }
            guard isExact else { return false }
            ends.append(end)
        }
        return true
    }

    private mutating func take(_ step: SchedulePattern.Step, _ stage: Int, microbatch: Int) {
        guard microbatch < microbatchCount else { return }
        switch step.kind {
        case .read: spend(costs.read(input: step.index, microbatch: microbatch), .inputOutput, stage, microbatch)
        case .write: spend(costs.write(microbatch: microbatch), .inputOutput, stage, microbatch)
        case .receive:
            let place = place(step.index, microbatch)
            messages[place] = Message()
            messages[place].posted = clocks[stage]
        case .send: send(step.index, microbatch, at: clocks[stage])
        }
    }

    private mutating func spend(_ seconds: Double, _ activity: Timeline.Activity, _ stage: Int, _ microbatch: Int) {
        guard seconds > 0 else { return }
        note(activity, stage, microbatch, clocks[stage], clocks[stage] + seconds, seconds)
        clocks[stage] += seconds
    }

    private mutating func note(
        _ activity: Timeline.Activity, _ stage: Int, _ microbatch: Int, _ start: Double, _ end: Double,
        _ seconds: Double
    ) {
        ranks[stage].spend(seconds, on: activity)
        guard spanLimit > 0, spans[stage].count < spanLimit else { return }
        spans[stage].append(.init(activity, microbatch: microbatch, start: start, end: end))
    }

    private mutating func run(_ stage: Int, _ microbatch: Int) {
        let now = clocks[stage]
        var ready = now
        for edge in rules.incoming[stage] { ready = max(ready, messages[place(edge, microbatch)].arrival) }
        for edge in rules.outgoing[stage] {
            let earlier = microbatch - rules.sendSlotCounts[edge]
            guard earlier >= 0 else { continue }
            ready = max(ready, messages[place(edge, earlier)].released)
        }
        guard ready < .infinity else {
            isExact = false
            return
        }
        if ready > now { noteWait(stage, microbatch, from: now, to: ready) }
        for edge in rules.incoming[stage]
        where isInPieces[edge] && messages[place(edge, microbatch)].released > ready {
            // Its sender no longer has to wait for the receiver.
            isExact = false
        }
        let seconds = stageSeconds[stage] * costs.microbatchSizes[microbatch]
        note(.compute, stage, microbatch, ready, ready + seconds, seconds)
        clocks[stage] = ready + seconds
    }

    private mutating func noteWait(_ stage: Int, _ microbatch: Int, from start: Double, to now: Double) {
        var wait = SimulatedWait()
        for edge in rules.incoming[stage] {
            let message = messages[place(edge, microbatch)]
            wait.add(arrival: message.arrival, sent: message.sent)
        }
        wait.forEachPart(from: start, to: now) { note($0, stage, microbatch, $1, $2, $2 - $1) }
    }

    private mutating func send(_ edge: Int, _ microbatch: Int, at now: Double) {
        let place = place(edge, microbatch)
        let route = network.route(edge, microbatch)
        let byteCount = costs.byteCount(edge: edge, microbatch: microbatch)
        var message = messages[place]
        message.sent = now
        guard message.posted < .infinity else {
            isExact = false
            return
        }
        let isEager = byteCount <= eagerByteCount || isInPieces[edge]
        let cleared = isEager ? now : max(message.posted, now + route.link.latency) + route.link.latency
        var channel = channels[channelOfEdge[edge]]
        // Messages that overtake others can be decided only by the simulation by events.
        if cleared < channel.lastCleared || cleared == channel.lastCleared && isEager != channel.lastIsEager {
            isExact = false
        }
        (channel.lastCleared, channel.lastIsEager) = (cleared, isEager)
        let start = max(cleared, channel.through, channel.between)
        let seconds = route.link.transferSeconds(byteCount)
        channel.through = start + min(seconds, byteCount / route.interfaceBandwidth)
        if route.between != nil { channel.between = start + seconds }
        channels[channelOfEdge[edge]] = channel
        message.arrival = start + seconds + route.link.latency
        if isInPieces[edge] {
            let met = max(message.posted, start + route.link.latency)
            message.released = max(start + seconds, met + route.link.latency)
        } else {
            message.released = isEager ? start + seconds : message.arrival
        }
        messages[place] = message
    }

    var timeline: Timeline {
        var found = plan.stages.map { Timeline.RankSummary(rank: $0.ranks[0], stages: [$0.index]) }
        for stage in found.indices {
            found[stage].seconds = ranks[stage].seconds
            found[stage].elapsed = clocks[stage]
            found[stage].spans = spans[stage]
        }
        return Timeline(ranks: found.sorted { $0.rank < $1.rank })
    }
}
