internal import MPI
internal import Planning

/// Where the lanes of a plan take their microbatches from while the job runs.
protocol WorkPool: AnyObject {
    /// Whether a lane asks for more when it begins with the last that it has, rather than when it has nothing.
    var isAskedAhead: Bool { get }
    /// Asks for more, for this rank's lane. Does not wait.
    func ask() throws
    /// The answer; nil while there is none. An empty range: nothing is left.
    func answer() throws -> Range<Int>?
    /// Does what this rank has to do for others. Called from time to time on all ranks; does not wait.
    func serve() throws
    /// Waits until what this rank has sent is complete.
    func finish() throws
    /// Frees what the ranks share. All ranks call it together, once all are done.
    func release() throws
    /// Abandons the pool when the job has failed.
    func abandon()
}

/// Chunks of a length that is known beforehand, given out by a counter that all ranks share.
final class CountedPool: WorkPool {
    private let chunks: [Range<Int>]
    private let counter: TicketCounter
    private let communicator: Communicator
    private var chunk: Range<Int>?

    let isAskedAhead = false

    init(_ chunks: [Range<Int>], _ counter: TicketCounter, on communicator: Communicator) {
        self.chunks = chunks
        self.communicator = communicator
        self.counter = counter
    }

    func ask() throws {
        let ticket = try counter.take()
        let end = chunks.last?.upperBound ?? 0
        chunk = ticket < chunks.count ? chunks[ticket] : end..<end
    }

    func answer() -> Range<Int>? { chunk.take() }

    func serve() throws {
        // Across nodes, some networks can increment the counter only while its rank is inside an MPI call.
        guard !counter.isShared, communicator.rank == 0 else { return }
        try communicator.lookAround()
    }

    func finish() {}
    func release() throws { try counter.free() }
    func abandon() {}
}

/// Microbatches that rank 0 gives to lanes that ask for them by messages.
final class CoordinatedPool: WorkPool {
    private static let (requestTag, answerTag) = (1, 2)

    private let lane: Int?
    private let rank: Int
    private let leads: [Int]  // by lane
    private let shouldStop: () -> Bool
    private var desk: (any WorkDesk)?  // on rank 0
    private var requests: LaneNotices
    private var answers: LaneNotices
    /// For the lane of rank 0 itself.
    private var ownAnswer: Range<Int>?
    private let end: Int

    let isAskedAhead = true

    /// - Parameters:
    ///   - lane: that this rank leads; nil where it leads none.
    ///   - leads: by lane.
    init(
        desk: (any WorkDesk)?, lane: Int?, leads: [Int], end: Int, on communicator: Communicator,
        unless shouldStop: @escaping () -> Bool
    ) throws(MPIError) {
        (self.desk, self.lane, self.leads, self.end, self.shouldStop) = (desk, lane, leads, end, shouldStop)
        rank = communicator.rank
        let others = rank == 0 ? leads.filter { $0 != 0 } : []
        let asks = rank != 0 && lane != nil
        requests = try LaneNotices(
            communicator, tag: CoordinatedPool.requestTag, from: others, to: asks ? [0] : [])
        answers = try LaneNotices(
            communicator, tag: CoordinatedPool.answerTag, from: asks ? [0] : [], to: others)
    }

    func ask() throws {
        guard rank == 0 else { return try requests.send([lane!, 0, 0], unless: shouldStop) }
        desk!.ask(lane!, at: StopWatch.now)
        try give()
    }

    func answer() throws -> Range<Int>? {
        guard rank != 0 else {
            try serve()
            return ownAnswer.take()
        }
        guard let numbers = try answers.take(isLast: { $0[0] == $0[1] }) else { return nil }
        return numbers[0]..<numbers[1]
    }

    func serve() throws {
        guard desk != nil else { return }
        var hasCome = false
        while let numbers = try requests.take(isLast: { _ in false }) {
            desk!.ask(numbers[0], at: StopWatch.now)
            hasCome = true
        }
        if hasCome { try give() }
    }

    private func give() throws {
        for (lane, answer) in desk!.answers(at: StopWatch.now) {
            let range =
                switch answer {
                case .places(let places): places
                case .nothingLeft: end..<end
                }
            if leads[lane] == 0 {
                ownAnswer = range
            } else {
                try answers.send([range.lowerBound, range.upperBound, 0], to: leads[lane], unless: shouldStop)
            }
        }
    }

    func finish() throws {
        try requests.finish(unless: shouldStop)
        try answers.finish(unless: shouldStop)
        // Rank 0 has posted one more receive for each lane's requests.
        requests.abandon()
    }

    func release() {}

    func abandon() {
        requests.abandon()
        answers.abandon()
    }
}
