/// What a rank does, as a time-independent trace: one action a line, times as operations at the rank's speed.
struct SimGridTrace {
    private let schedule: Schedule
    private let plan: PartitionPlan
    private let costs: ScheduleCosts
    private let cluster: Cluster
    private let rules: ScheduleRules
    /// By edge: the first of its tags. Edges between the same two stages have tags of their own.
    private let firstTags: [Int]

    init(_ schedule: Schedule, _ plan: PartitionPlan, _ costs: ScheduleCosts, _ cluster: Cluster) {
        self.schedule = schedule
        self.plan = plan
        self.costs = costs
        self.cluster = cluster
        // Edges between the same two ranks must differ; with replicas, those of other stages may be between them too.
        let hasReplicas = plan.stages.contains { $0.teams.count > 1 }
        var edgeCounts: [[Int]: Int] = [:]
        var firstTags: [Int] = []
        for edge in plan.edges {
            let ends = hasReplicas ? [] : [edge.from, edge.to]
            firstTags.append(edgeCounts[ends, default: 0] * schedule.microbatchCount)
            edgeCounts[ends, default: 0] += 1
        }
        rules = schedule.rules(of: plan)
        self.firstTags = firstTags
    }

    func text(of rank: Int) -> String {
        var list = Lines(rank: rank, flopsPerSecond: cluster.ranks[rank].flopsPerSecond)
        list.add("init")
        /// Sends that were not waited for, in the order in which they were begun.
        var unfinished: [(edge: Int, microbatch: Int)] = []
        func finishSends(_ isDue: (Int, Int) -> Bool) {
            for send in unfinished where isDue(send.edge, send.microbatch) {
                list.add("wait \(rank) \(target(send.edge, send.microbatch)) \(tag(send.edge, send.microbatch))")
            }
            unfinished.removeAll { isDue($0.edge, $0.microbatch) }
        }
        var history = SeatHistory(rules)
        for (place, action) in schedule.actions[rank].enumerated() {
            switch action {
            case .read(let input, let microbatch): list.compute(costs.read(input: input, microbatch: microbatch))
            case .write(_, let microbatch): list.compute(costs.write(microbatch: microbatch))
            case .receive(let edge, let microbatch):
                list.add("irecv \(source(edge, microbatch)) \(tag(edge, microbatch)) \(byteCount(edge, microbatch))")
            case .send(let edge, let microbatch):
                list.add("isend \(target(edge, microbatch)) \(tag(edge, microbatch)) \(byteCount(edge, microbatch))")
                list.compute(
                    link(edge, microbatch).sendHandling * costs.byteCount(edge: edge, microbatch: microbatch))
                unfinished.append((edge, microbatch))
            case .run(let stage, let microbatch):
                for edge in rules.incoming[stage] where !rules.isWithinRank(edge, microbatch) {
                    list.add("wait \(source(edge, microbatch)) \(rank) \(tag(edge, microbatch))")
                }
                let seat = rules.seat(of: stage, for: microbatch)
                for edge in rules.outgoing[stage] {
                    guard let leaving = history.leaving(on: edge, from: seat, rules) else { continue }
                    // Earlier ones have to be sent before.
                    finishSends { $0 == edge && $1 == leaving }
                }
                history.note(microbatch, at: seat)
                list.compute(
                    costs.compute(stage: stage, microbatch: microbatch, on: cluster.ranks[rank])
                        + receiveHandling(stage, after: place, of: rank))
            }
        }
        finishSends { _, _ in true }
        list.add("finalize")
        return list.text
    }

    /// What a rank does for the messages of a stage's next microbatch that come in while it computes this one. It waits for
    /// those of the first and has nothing else to do.
    private func receiveHandling(_ stage: Int, after place: Int, of rank: Int) -> Double {
        for action in schedule.actions[rank][(place + 1)...] {
            guard case .run(stage, let microbatch) = action else { continue }
            return rules.incoming[stage].reduce(0) { sum, edge in
                guard !rules.isWithinRank(edge, microbatch) else { return sum }
                return sum + link(edge, microbatch).receiveHandling
                    * costs.byteCount(edge: edge, microbatch: microbatch)
            }
        }
        return 0
    }

    private func tag(_ edge: Int, _ microbatch: Int) -> Int { firstTags[edge] + microbatch }
    private func source(_ edge: Int, _ microbatch: Int) -> Int { rules.sender(over: edge, of: microbatch) }
    private func target(_ edge: Int, _ microbatch: Int) -> Int { rules.receiver(over: edge, of: microbatch) }
    private func link(_ edge: Int, _ microbatch: Int) -> Cluster.Link {
        cluster.link(from: source(edge, microbatch), to: target(edge, microbatch))
    }
    private func byteCount(_ edge: Int, _ microbatch: Int) -> Int {
        Int(costs.byteCount(edge: edge, microbatch: microbatch))
    }
}

/// The lines of one rank.
private struct Lines {
    let rank: Int
    let flopsPerSecond: Double
    private(set) var text = ""

    init(rank: Int, flopsPerSecond: Double) {
        self.rank = rank
        self.flopsPerSecond = flopsPerSecond
    }

    mutating func add(_ action: String) { text += "\(rank) \(action)\n" }

    mutating func compute(_ seconds: Double) {
        if seconds > 0 { add("compute \(seconds * flopsPerSecond)") }
    }
}
