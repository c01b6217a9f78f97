internal import HeapModule

/// The state of a simulation under way.
///
/// When a message arrives is known as soon as it is in transit, so that most messages need no event of their own: a
/// rank that finds its operands in transit checks again when they have arrived.
struct SimulatedRun {
    private enum Happening {
        /// A rank continues with its list.
        case proceed(rank: Int32)
        /// A rank that waits checks whether it can continue.
        case look(rank: Int32)
        /// The data of a message that waited for its receiver may start.
        case cleared(edge: Int32, microbatch: Int32)
        /// A way becomes free that messages wait for.
        case freed(way: Int32)
    }

    private struct Event: Comparable {
        let time: Double
        /// Events of the same time happen in the order in which they were planned.
        let number: Int
        let happening: Happening

        static func < (left: Event, right: Event) -> Bool {
            left.time < right.time || left.time == right.time && left.number < right.number
        }
        static func == (left: Event, right: Event) -> Bool { left.number == right.number }
    }

    private let schedule: Schedule
    private let costs: ScheduleCosts
    private let rules: ScheduleRules
    private var history: SeatHistory
    private let cluster: Cluster
    private let eagerByteCount: Double
    private let isInPieces: [Bool]  // by edge
    private var ranks: [SimulatedRank]
    private var messages: SimulatedMessages
    private var network: SimulatedNetwork
    private let spanLimit: Int
    private var spans: [[Timeline.Span]]  // by rank
    private var events = Heap<Event>()
    private var eventCount = 0
    private var transferCount = 0
    private var now = 0.0

    init(
        _ schedule: Schedule, _ plan: PartitionPlan, _ costs: ScheduleCosts, _ cluster: Cluster, spanLimit: Int
    ) {
        self.spanLimit = spanLimit
        self.schedule = schedule
        self.costs = costs
        self.cluster = cluster
        rules = schedule.rules(of: plan)
        history = SeatHistory(rules)
        eagerByteCount = Double(cluster.eagerByteCount)
        isInPieces = plan.edges.map { $0.pieceCount > 1 }
        ranks = [SimulatedRank](repeating: SimulatedRank(), count: schedule.actions.count)
        spans = [[Timeline.Span]](repeating: [], count: schedule.actions.count)
        messages = SimulatedMessages(edgeCount: plan.edges.count)
        network = SimulatedNetwork(rules, cluster)
    }

    mutating func play() throws(PlanningError) {
        for rank in ranks.indices { foresee(.proceed(rank: Int32(rank)), at: 0) }
        while let event = events.popMin() {
            now = event.time
            switch event.happening {
            case .proceed(let rank): proceed(Int(rank))
            case .look(let rank):
                ranks[Int(rank)].look = .infinity
                if ranks[Int(rank)].isWaiting { proceed(Int(rank)) }
            case .cleared(let edge, let microbatch): transfer(Int(edge), Int(microbatch), isEager: false)
            case .freed(let way):
                for transfer in network.takeWaiting(for: Int(way)) { begin(transfer) }
            }
        }
        for (rank, state) in ranks.enumerated() where state.next < schedule.actions[rank].count {
            throw PlanningError(
                "deadlock: rank \(rank) would wait for ever at '\(schedule.actions[rank][state.next].text(rules))'")
        }
    }

    private mutating func foresee(_ happening: Happening, at time: Double) {
        eventCount += 1
        events.insert(Event(time: time, number: eventCount, happening: happening))
    }

    /// Makes a rank that waits check again at a given time, unless it will do so earlier.
    private mutating func foreseeLook(_ rank: Int, at time: Double) {
        guard ranks[rank].isWaiting, time < ranks[rank].look else { return }
        ranks[rank].look = time
        foresee(.look(rank: Int32(rank)), at: time)
    }

    /// Makes a rank busy from now on.
    private mutating func occupy(_ rank: Int, _ activity: Timeline.Activity, _ microbatch: Int, for seconds: Double) {
        ranks[rank].spend(seconds, on: activity)
        ranks[rank].isBusy = true
        ranks[rank].next += 1
        keep(activity, rank, microbatch, now, now + seconds)
        foresee(.proceed(rank: Int32(rank)), at: now + seconds)
    }

    private mutating func keep(
        _ activity: Timeline.Activity, _ rank: Int, _ microbatch: Int, _ start: Double, _ end: Double
    ) {
        guard spanLimit > 0, spans[rank].count < spanLimit else { return }
        spans[rank].append(.init(activity, microbatch: microbatch, start: start, end: end))
    }

    /// Carries out a rank's actions until one takes time.
    private mutating func proceed(_ rank: Int) {
        if ranks[rank].debt > 0 {
            let debt = ranks[rank].debt
            ranks[rank].debt = 0
            ranks[rank].spend(debt, on: .communicate)
            return foresee(.proceed(rank: Int32(rank)), at: now + debt)
        }
        ranks[rank].isBusy = false
        while ranks[rank].next < schedule.actions[rank].count {
            switch schedule.actions[rank][ranks[rank].next] {
            case .read(let input, let microbatch):
                let seconds = costs.read(input: input, microbatch: microbatch)
                if seconds > 0 { return occupy(rank, .inputOutput, microbatch, for: seconds) }
            case .write(_, let microbatch):
                let seconds = costs.write(microbatch: microbatch)
                if seconds > 0 { return occupy(rank, .inputOutput, microbatch, for: seconds) }
            case .receive(let edge, let microbatch): post(edge, microbatch)
            case .send(let edge, let microbatch):
                ranks[rank].isBusy = true
                send(edge, microbatch)
                if ranks[rank].debt > 0 {
                    ranks[rank].next += 1
                    return proceed(rank)
                }
                ranks[rank].isBusy = false
            case .run(let stage, let microbatch):
                let ready = readyTime(stage, microbatch)
                if ready > now {
                    if !ranks[rank].isWaiting {
                        ranks[rank].isWaiting = true
                        ranks[rank].waitStart = now
                    }
                    if ready < .infinity { foreseeLook(rank, at: ready) }
                    return
                }
                noteWait(rank, stage, microbatch)
                for edge in rules.incoming[stage] { messages.take(edge: edge, microbatch: microbatch) }
                history.note(microbatch, at: rules.seat(of: stage, for: microbatch))
                let seconds = costs.compute(stage: stage, microbatch: microbatch, on: cluster.ranks[rank])
                return occupy(rank, .compute, microbatch, for: seconds)
            }
            ranks[rank].next += 1
        }
        ranks[rank].end = max(ranks[rank].end, now)
    }

    /// When operands will have arrived, and the buffers of earlier results will be free; infinite where that is not
    /// known.
    private mutating func readyTime(_ stage: Int, _ microbatch: Int) -> Double {
        var ready = 0.0
        for edge in rules.incoming[stage] where !rules.isWithinRank(edge, microbatch) {
            guard let place = messages.place(edge: edge, microbatch: microbatch) else { continue }
            ready = max(ready, messages[place].arrival)
        }
        let seat = rules.seat(of: stage, for: microbatch)
        for edge in rules.outgoing[stage] {
            guard let earlier = history.leaving(on: edge, from: seat, rules), !rules.isWithinRank(edge, earlier),
                let place = messages.place(edge: edge, microbatch: earlier)
            else { continue }
            ready = max(ready, messages[place].released)
        }
        return ready
    }

    private mutating func noteWait(_ rank: Int, _ stage: Int, _ microbatch: Int) {
        guard ranks[rank].isWaiting else { return }
        ranks[rank].isWaiting = false
        let start = ranks[rank].waitStart
        var wait = SimulatedWait()
        for edge in rules.incoming[stage] where !rules.isWithinRank(edge, microbatch) {
            guard let place = messages.place(edge: edge, microbatch: microbatch) else { continue }
            wait.add(arrival: messages[place].arrival, sent: messages[place].sent)
        }
        wait.forEachPart(from: start, to: now) { note(rank, $0, microbatch, $1, $2) }
    }

    private mutating func note(
        _ rank: Int, _ activity: Timeline.Activity, _ microbatch: Int, _ start: Double, _ end: Double
    ) {
        ranks[rank].spend(end - start, on: activity)
        keep(activity, rank, microbatch, start, end)
    }

    // MARK: Messages

    private mutating func post(_ edge: Int, _ microbatch: Int) {
        guard let place = messages.place(edge: edge, microbatch: microbatch) else { return }
        messages[place].posted = now
        if isInPieces[edge] { acknowledge(edge, microbatch, place) } else { clear(edge, microbatch, place) }
    }

    private mutating func send(_ edge: Int, _ microbatch: Int) {
        guard let place = messages.place(edge: edge, microbatch: microbatch) else { return }
        messages[place].sent = now
        if costs.byteCount(edge: edge, microbatch: microbatch) <= eagerByteCount || isInPieces[edge] {
            return transfer(edge, microbatch, isEager: true)
        }
        messages[place].requested = now + network.route(edge, microbatch).link.latency
        clear(edge, microbatch, place)
    }

    /// Once the request has found its posted receive, the clearance is sent back.
    private mutating func clear(_ edge: Int, _ microbatch: Int, _ place: Int) {
        let met = max(messages[place].posted, messages[place].requested)
        guard met < .infinity else { return }
        foresee(
            .cleared(edge: Int32(edge), microbatch: Int32(microbatch)),
            at: met + network.route(edge, microbatch).link.latency)
    }

    /// Once the first piece of a message has found its receive, the sender is told so; it keeps the buffer until then.
    private mutating func acknowledge(_ edge: Int, _ microbatch: Int, _ place: Int) {
        let met = max(messages[place].posted, messages[place].reached)
        guard met < .infinity else { return }
        let route = network.route(edge, microbatch)
        messages[place].released = max(messages[place].departure, met + route.link.latency)
        foreseeLook(route.from, at: messages[place].released)
    }

    private mutating func transfer(_ edge: Int, _ microbatch: Int, isEager: Bool) {
        transferCount += 1
        begin(
            SimulatedNetwork.Transfer(
                edge: edge, microbatch: microbatch, byteCount: costs.byteCount(edge: edge, microbatch: microbatch),
                isEager: isEager, number: transferCount))
    }

    private mutating func begin(_ transfer: SimulatedNetwork.Transfer) {
        switch network.begin(transfer, at: now) {
        case .waits(let way, let isFirst):
            if isFirst { foresee(.freed(way: Int32(way)), at: max(now, network.free[way])) }
        case .started(let departure, let arrival):
            guard let place = messages.place(edge: transfer.edge, microbatch: transfer.microbatch) else { return }
            let route = network.route(transfer.edge, transfer.microbatch)
            messages[place].arrival = arrival
            if isInPieces[transfer.edge] {
                messages[place].reached = now + route.link.latency
                messages[place].departure = departure
                acknowledge(transfer.edge, transfer.microbatch, place)
            } else {
                // MPI keeps a copy of what it has not sent yet of an eager message; for others it reads from the
                // sender's buffer until the end.
                messages[place].released = transfer.isEager ? departure : arrival
                foreseeLook(route.from, at: messages[place].released)
            }
            handle(route.from, for: route.link.sendHandling * transfer.byteCount)
            handle(route.to, for: route.link.receiveHandling * transfer.byteCount)
            foreseeLook(route.to, at: arrival)
        }
    }

    /// A rank handles a message: during its wait where it waits; otherwise its current activity takes that much longer.
    private mutating func handle(_ rank: Int, for seconds: Double) {
        guard seconds > 0, ranks[rank].isBusy else { return }
        ranks[rank].debt += seconds
    }

    var timeline: Timeline {
        Timeline(
            ranks: ranks.enumerated().map { rank, state in
                var summary = Timeline.RankSummary(
                    rank: rank, stages: rank < rules.stages.count ? rules.stages[rank] : [])
                summary.seconds = state.seconds
                summary.elapsed = state.end
                summary.spans = spans[rank]
                return summary
            })
    }
}
