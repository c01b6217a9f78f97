/// What every rank does, in order: the value that is executed on MPI, verified, and simulated.
public struct Schedule: Sendable, Codable, Hashable {
    public let microbatchCount: Int
    /// By rank.
    public let actions: [[Action]]
    /// Who computes what; nil for the result of the plan's policy when all microbatches are alike.
    public let sharing: LaneSharing?

    public init(microbatchCount: Int, actions: [[Action]], sharing: LaneSharing? = nil) {
        self.microbatchCount = microbatchCount
        self.actions = actions
        self.sharing = sharing
    }

    /// The schedule of a plan when all microbatches are alike.
    public init(of plan: PartitionPlan, microbatchCount: Int) {
        self.init(ScheduleRules(plan, microbatchCount: microbatchCount), sharing: nil)
    }

    /// The schedule for the microbatches of a job.
    public init(of plan: PartitionPlan, sharing: LaneSharing) {
        self.init(ScheduleRules(plan, sharing: sharing), sharing: sharing)
    }

    private init(_ rules: ScheduleRules, sharing: LaneSharing?) {
        self.init(
            microbatchCount: rules.microbatchCount,
            actions: rules.stages.indices.map { Schedule.actions(ofRank: $0, rules) }, sharing: sharing)
    }

    /// What the actions mean.
    func rules(of plan: PartitionPlan) -> ScheduleRules {
        sharing.map { ScheduleRules(plan, sharing: $0) } ?? ScheduleRules(plan, microbatchCount: microbatchCount)
    }

    /// One rank's list. A rank of a long job keeps only its own.
    ///
    /// The transfers that the rank's computing needs are added to it. Receives are posted as early as there are
    /// buffers: all but one of an edge's receives before anything is computed, and then one more before each
    /// microbatch, so that transfers and computing overlap.
    public static func actions(ofRank rank: Int, _ rules: ScheduleRules) -> [Action] {
        let computing = rules.computing(ofRank: rank)
        var list: [Action] = []
        list.reserveCapacity(computing.reduce(0) { $0 + rules.actionCount(ofStage: $1.stage) })
        var inboxes = Inboxes(computing, rules)
        for stage in rules.stages[rank] {
            let edges = rules.incoming[stage]
            for ahead in 1..<(edges.reduce(1) { max($0, rules.receiveSlotCounts[$1]) }) {
                for edge in edges where ahead < rules.receiveSlotCounts[edge] {
                    inboxes.post(edge, upTo: ahead, into: &list)
                }
            }
        }
        for computation in computing {
            let (stage, microbatch) = (computation.stage, computation.microbatch)
            for edge in rules.incoming[stage] {
                inboxes.post(edge, upTo: rules.receiveSlotCounts[edge], into: &list)
                inboxes.take(edge, microbatch)
            }
            for input in rules.inputs[stage] { list.append(.read(input: input, microbatch: microbatch)) }
            list.append(.run(stage: stage, microbatch: microbatch))
            for edge in rules.outgoing[stage] where !rules.isWithinRank(edge, microbatch) {
                list.append(.send(edge: edge, microbatch: microbatch))
            }
            if rules.writes[stage] { list.append(.write(stage: stage, microbatch: microbatch)) }
        }
        return list
    }

    /// The messages that arrive at one rank, and how many of their receives are posted and not taken.
    private struct Inboxes {
        private let rules: ScheduleRules
        /// By stage of the rank: the microbatches in the order in which it computes them.
        private var orders: [Int: [Int]] = [:]
        /// By edge: places in its stage's order that were considered; receives posted whose messages are not taken.
        private var next: [Int: Int] = [:]
        private var posted: [Int: Int] = [:]
        /// By edge, and ring: the same.
        private var postedInRing: [[Int]]

        init(_ computing: [Computation], _ rules: ScheduleRules) {
            self.rules = rules
            postedInRing = rules.ringCounts.map { [Int](repeating: 0, count: $0) }
            for computation in computing { orders[computation.stage, default: []].append(computation.microbatch) }
        }

        /// Posts receives until `count` are posted.
        mutating func post(_ edge: Int, upTo count: Int, into list: inout [Action]) {
            let order = orders[rules.targets[edge]] ?? []
            var place = next[edge, default: 0]
            while place < order.count, posted[edge, default: 0] < count {
                if !rules.isWithinRank(edge, order[place]) {
                    let ring = rules.ring(of: edge, for: order[place])
                    let limit = rules.receiveSlotCounts[edge] / rules.ringCounts[edge]
                    guard postedInRing[edge][ring] < limit else { break }
                    list.append(.receive(edge: edge, microbatch: order[place]))
                    posted[edge, default: 0] += 1
                    postedInRing[edge][ring] += 1
                }
                place += 1
            }
            next[edge] = place
        }

        mutating func take(_ edge: Int, _ microbatch: Int) {
            guard !rules.isWithinRank(edge, microbatch) else { return }
            posted[edge, default: 0] -= 1
            postedInRing[edge][rules.ring(of: edge, for: microbatch)] -= 1
        }
    }
}
