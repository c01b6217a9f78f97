internal import MPI
internal import Planning

/// What ranks need for communication in a plan whose lanes are chosen during the run: the pool that work is taken from,
/// and the notices by which the first rank of a lane tells the others of its lane, and the rank that collects, what it
/// has taken.
final class LaneDispatch {
    private static let noticeTag = 0

    let pool: any WorkPool
    /// This rank's lane, and its stage there.
    let lane: Int
    let stage: Int
    /// Whether this rank takes the microbatches of its lane.
    let isLead: Bool
    /// The stage that collects, where it is on this rank.
    let collecting: Int?
    let laneCount: Int
    private var notices: LaneNotices
    private let shouldStop: () -> Bool
    private var failure: (any Error)?

    /// Collective over the ranks of the plan.
    ///
    /// - Parameter shouldStop: called while waiting for a rank that may have failed.
    init(
        _ rules: ScheduleRules, world: Communicator, work: WorkTable, unless shouldStop: @escaping () -> Bool
    ) throws(MPIError) {
        let plan = rules.plan
        self.shouldStop = shouldStop
        let communicator = try world.duplicate()
        let rank = world.rank
        laneCount = plan.laneCount
        // Whole pipelines: each rank has one stage with layers, on one lane.
        let home = plan.layeredStages.lazy.compactMap { stage in
            stage.teams.firstIndex { $0.lead == rank }.map { (stage: stage.index, lane: $0) }
        }.first!
        (stage, lane) = home
        let leads = plan.stages[0].teams.map(\.lead)
        isLead = leads[lane] == rank
        let collector = plan.stages.last { !$0.hasLayers }!
        collecting = collector.teams[0].lead == rank ? collector.index : nil
        let collectorRank = collector.teams[0].lead
        var receivers: [Int] = []
        var senders: [Int] = []
        if isLead {
            receivers = plan.layeredStages.map { $0.teams[home.lane].lead }.filter { $0 != rank }
            if collectorRank != rank, !receivers.contains(collectorRank) { receivers.append(collectorRank) }
        } else {
            senders = [leads[lane]]
        }
        if collecting != nil { senders += leads.filter { $0 != rank && !senders.contains($0) } }
        notices = try LaneNotices(communicator, tag: LaneDispatch.noticeTag, from: senders, to: receivers)
        let desk: any WorkDesk
        switch plan.policy.distribution {
        case .dynamic(let chunking):
            let chunks = chunking.chunks(microbatchCount: rules.microbatchCount, laneCount: laneCount)
            if let counter = try TicketCounter.ifPossible(on: communicator) {
                pool = CountedPool(chunks, counter, on: communicator)
                return
            }
            desk = ChunkDesk(chunks)
        default:
            let sizes = (0..<rules.microbatchCount).map { work.sizes[rules.microbatch(at: $0)] }
            desk = LeastLoadedDesk(sizes: sizes, paces: rules.paces, ownLane: lane)
        }
        pool = try CoordinatedPool(
            desk: rank == 0 ? desk : nil, lane: isLead ? lane : nil, leads: leads, end: rules.microbatchCount,
            on: communicator, unless: shouldStop)
    }

    /// Tells the others of the lane what it has taken: places in the order of the microbatches; an empty range when it
    /// takes no more.
    func tell(_ places: Range<Int>) throws(MPIError) {
        try notices.send([lane, places.lowerBound, places.upperBound], unless: shouldStop)
    }

    /// What a lane has taken; an empty range when it takes no more. Nil while no new notice has arrived.
    func learn() throws(MPIError) -> (lane: Int, places: Range<Int>)? {
        guard let numbers = try notices.take(isLast: { $0[1] == $0[2] }) else { return nil }
        return (numbers[0], numbers[1]..<numbers[2])
    }

    /// Does what this rank has to do for other ranks. Does not wait.
    ///
    /// - Throws: also errors from `serveWhileWaiting`.
    func serve() throws {
        if let failure { throw failure }
        try pool.serve()
    }

    /// The same for callers that must not throw.
    func serveWhileWaiting() {
        do { try pool.serve() } catch { failure = failure ?? error }
    }

    /// Waits until what this rank has sent is complete.
    func finish() throws {
        try notices.finish(unless: shouldStop)
        try pool.finish()
    }

    /// Frees what the ranks share. All ranks call it together, once all are done.
    func release() throws { try pool.release() }

    func abandon() {
        notices.abandon()
        pool.abandon()
    }
}
