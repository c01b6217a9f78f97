/// What every rank does, in order: the value that is executed on MPI, verified, and simulated.
public struct Schedule: Sendable, Codable, Hashable {
    public let microbatchCount: Int
    /// By rank.
    public let actions: [[Action]]

    public init(microbatchCount: Int, actions: [[Action]]) {
        self.microbatchCount = microbatchCount
        self.actions = actions
    }

    /// What a plan's policy comes to.
    public init(of plan: PartitionPlan, microbatchCount: Int) {
        let rules = ScheduleRules(plan)
        self.init(
            microbatchCount: microbatchCount,
            actions: plan.stages.indices.map {
                Schedule.actions(of: plan, rules, rank: $0, microbatchCount: microbatchCount)
            })
    }

    /// One rank's list. A rank of a long job keeps only its own.
    public static func actions(of plan: PartitionPlan, rank: Int, microbatchCount: Int) -> [Action] {
        actions(of: plan, ScheduleRules(plan), rank: rank, microbatchCount: microbatchCount)
    }

    private static func actions(
        of plan: PartitionPlan, _ rules: ScheduleRules, rank: Int, microbatchCount: Int
    ) -> [Action] {
        let computing = plan.policy.computing(rules.stages[rank], microbatchCount: microbatchCount)
        return complete(computing, rules)
    }

    /// Adds to a rank's computing what it takes and gives.
    ///
    /// Receives are posted as early as there are buffers: all but one of an edge's before anything is computed, and then
    /// one more before each microbatch, so that transfers and computing overlap.
    private static func complete(_ computing: [Computation], _ rules: ScheduleRules) -> [Action] {
        let plan = rules.plan
        var microbatches: [Int: [Int]] = [:]  // by stage, in the order of computing
        for computation in computing { microbatches[computation.stage, default: []].append(computation.microbatch) }
        var list: [Action] = []
        list.reserveCapacity(
            microbatches.reduce(0) { $0 + $1.value.count * rules.actionCount(ofStage: $1.key) })
        /// Posts the receive of an edge for the computation that has this place among its stage's.
        func receive(_ edge: Int, place: Int) {
            guard let order = microbatches[plan.edges[edge].to], place < order.count else { return }
            list.append(.receive(edge: edge, microbatch: order[place]))
        }
        for stage in microbatches.keys.sorted() {
            let edges = rules.incoming[stage]
            for ahead in 0..<(edges.lazy.map { plan.edges[$0].receiveSlotCount - 1 }.max() ?? 0) {
                for edge in edges where ahead < plan.edges[edge].receiveSlotCount - 1 { receive(edge, place: ahead) }
            }
        }
        var places: [Int: Int] = [:]
        for computation in computing {
            let (stage, microbatch) = (computation.stage, computation.microbatch)
            let place = places[stage, default: 0]
            places[stage] = place + 1
            for edge in rules.incoming[stage] { receive(edge, place: place + plan.edges[edge].receiveSlotCount - 1) }
            for input in rules.inputs[stage] { list.append(.read(input: input, microbatch: microbatch)) }
            list.append(.run(stage: stage, microbatch: microbatch))
            for edge in rules.outgoing[stage] { list.append(.send(edge: edge, microbatch: microbatch)) }
            if rules.writes[stage] { list.append(.write(stage: stage, microbatch: microbatch)) }
        }
        return list
    }
}
