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
        var edgeCounts: [[Int]: Int] = [:]
        var firstTags: [Int] = []
        for edge in plan.edges {
            firstTags.append(edgeCounts[[edge.from, edge.to], default: 0] * schedule.microbatchCount)
            edgeCounts[[edge.from, edge.to], default: 0] += 1
        }
        rules = ScheduleRules(plan)
        self.firstTags = firstTags
    }

    func text(of rank: Int) -> String {
        var list = Lines(rank: rank, flopsPerSecond: cluster.ranks[rank].flopsPerSecond)
        list.add("init")
        /// Sends that were not waited for, in the order in which they were begun.
        var unfinished: [(edge: Int, microbatch: Int)] = []
        func finishSends(_ isDue: (Int, Int) -> Bool) {
            for send in unfinished where isDue(send.edge, send.microbatch) {
                list.add("wait \(rank) \(target(send.edge)) \(tag(send.edge, send.microbatch))")
            }
            unfinished.removeAll { isDue($0.edge, $0.microbatch) }
        }
        for action in schedule.actions[rank] {
            switch action {
            case .read(let input, let microbatch): list.compute(costs.read(input: input, microbatch: microbatch))
            case .write(_, let microbatch): list.compute(costs.write(microbatch: microbatch))
            case .receive(let edge, let microbatch):
                list.add("irecv \(source(edge)) \(tag(edge, microbatch)) \(byteCount(edge, microbatch))")
            case .send(let edge, let microbatch):
                list.add("isend \(target(edge)) \(tag(edge, microbatch)) \(byteCount(edge, microbatch))")
                list.compute(link(edge).sendHandling * costs.byteCount(edge: edge, microbatch: microbatch))
                unfinished.append((edge, microbatch))
            case .run(let stage, let microbatch):
                for edge in rules.operands(of: stage) {
                    list.add("wait \(source(edge)) \(rank) \(tag(edge, microbatch))")
                }
                finishSends { edge, sent in rules.leaving(on: edge, before: microbatch).map { sent <= $0 } ?? false }
                list.compute(
                    costs.compute(stage: stage, microbatch: microbatch, on: cluster.ranks[rank])
                        + receiveHandling(stage, microbatch + 1))
            }
        }
        finishSends { _, _ in true }
        list.add("finalize")
        return list.text
    }

    /// What a rank does for the messages that come in while it computes on the microbatch before. It waits for those of
    /// the first and has nothing else to do.
    private func receiveHandling(_ stage: Int, _ microbatch: Int) -> Double {
        guard microbatch < schedule.microbatchCount else { return 0 }
        return rules.operands(of: stage).reduce(0) {
            $0 + link($1).receiveHandling * costs.byteCount(edge: $1, microbatch: microbatch)
        }
    }

    private func tag(_ edge: Int, _ microbatch: Int) -> Int { firstTags[edge] + microbatch }
    private func source(_ edge: Int) -> Int { plan.stages[plan.edges[edge].from].rank }
    private func target(_ edge: Int) -> Int { plan.stages[plan.edges[edge].to].rank }
    private func link(_ edge: Int) -> Cluster.Link { cluster.link(from: source(edge), to: target(edge)) }
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
