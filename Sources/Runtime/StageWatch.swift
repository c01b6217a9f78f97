internal import Planning

/// What a stage notes while it runs: totals by activity, and when messages were begun and waited for.
struct StageWatch {
    private var watch = StopWatch()
    private var sends: [Timeline.MessageEvent] = []
    private var waits: [Timeline.MessageEvent] = []
    private var receiveWait = 0.0
    private var started = 0.0
    private var ended = 0.0

    /// Events kept for each rank; later ones are taken to be like the earlier ones.
    private static let eventLimit = 1 << 16

    mutating func start() { started = StopWatch.now }
    mutating func end() { ended = StopWatch.now }

    /// Makes room, so that noting allocates nothing.
    mutating func reserve(sends sendCount: Int, waits waitCount: Int) {
        sends.reserveCapacity(min(StageWatch.eventLimit, sendCount))
        waits.reserveCapacity(min(StageWatch.eventLimit, waitCount))
    }

    /// Counts the time since `start` towards an activity and returns the time now.
    @discardableResult
    mutating func count(_ activity: Timeline.Activity, since start: Double) -> Double {
        watch.count(activity, since: start)
    }

    mutating func noteSend(edge: Int, microbatch: Int, at time: Double) {
        guard sends.count < StageWatch.eventLimit else { return }
        sends.append(.init(edge: edge, microbatch: microbatch, start: time, end: time))
    }

    /// Notes that the rank stood still from `start` until now for the message of an edge.
    mutating func noteWait(edge: Int, microbatch: Int, since start: Double) {
        let end = StopWatch.now
        receiveWait += end - start
        guard waits.count < StageWatch.eventLimit else { return }
        waits.append(.init(edge: edge, microbatch: microbatch, start: start, end: end))
    }

    /// - Parameter clockOffset: seconds to add to this rank's clock to get rank 0's.
    func report(into summary: inout Timeline.RankSummary, clockOffset: Double) {
        for activity in Timeline.Activity.allCases { summary.seconds[activity] = watch.total(activity) }
        summary.elapsed = ended - started
        summary.sends = sends.map { $0.shifted(by: clockOffset) }
        summary.waits = waits.map { $0.shifted(by: clockOffset) }
        summary.receiveWait = receiveWait
    }
}

extension Timeline.MessageEvent {
    fileprivate func shifted(by offset: Double) -> Timeline.MessageEvent {
        Timeline.MessageEvent(edge: edge, microbatch: microbatch, start: start + offset, end: end + offset)
    }
}
