internal import Planning

/// What a stage records while it runs: totals by activity, when it did what, and when messages were begun and waited
/// for.
struct StageWatch {
    private var watch = StopWatch()
    private var spans: [Timeline.Span] = []
    private var memory: [Timeline.MemorySample] = []
    private var sends: [Timeline.MessageEvent] = []
    private var waits: [Timeline.MessageEvent] = []
    private var receiveWait = 0.0
    private var started = 0.0
    private var ended = 0.0

    /// Events of a kind that are kept for each rank; later ones are assumed to be like the earlier ones.
    private static let eventLimit = 1 << 16
    /// Samples of memory that are kept: enough for a curve.
    private static let memoryLimit = 512
    /// Microbatches from one sample of memory to the next.
    private var memoryStride = 1

    mutating func start() {
        started = StopWatch.now
        noteMemory(microbatch: 0)
    }

    mutating func end() {
        ended = StopWatch.now
        if memory.count < StageWatch.memoryLimit + 2 { sampleMemory() }
    }

    /// Reserves memory, so that recording allocates nothing.
    mutating func reserve(sends sendCount: Int, waits waitCount: Int, microbatches: Int) {
        sends.reserveCapacity(min(StageWatch.eventLimit, sendCount))
        waits.reserveCapacity(min(StageWatch.eventLimit, waitCount))
        spans.reserveCapacity(min(StageWatch.eventLimit, 4 * microbatches))
        memory.reserveCapacity(StageWatch.memoryLimit + 2)
        memoryStride = max(1, microbatches / StageWatch.memoryLimit)
    }

    /// Counts the time since `start` towards an activity and returns the time now.
    @discardableResult
    mutating func count(_ activity: Timeline.Activity, since start: Double) -> Double {
        watch.count(activity, since: start)
    }

    /// The same, and records when it was.
    @discardableResult
    mutating func note(_ activity: Timeline.Activity, microbatch: Int, since start: Double) -> Double {
        let now = watch.count(activity, since: start)
        keep(activity, microbatch: microbatch, from: start, to: now)
        return now
    }

    /// Records when something happened whose time is counted elsewhere.
    mutating func keep(_ activity: Timeline.Activity, microbatch: Int, from start: Double, to end: Double) {
        guard spans.count < StageWatch.eventLimit else { return }
        spans.append(.init(activity, microbatch: microbatch, start: start, end: end))
    }

    /// Samples the memory in use, from time to time.
    mutating func noteMemory(microbatch: Int) {
        guard microbatch % memoryStride == 0, memory.count < StageWatch.memoryLimit else { return }
        sampleMemory()
    }

    private mutating func sampleMemory() {
        memory.append(.init(time: StopWatch.now, byteCount: ResidentMemory.byteCount))
    }

    mutating func noteSend(edge: Int, microbatch: Int, at time: Double) {
        guard sends.count < StageWatch.eventLimit else { return }
        sends.append(.init(edge: edge, microbatch: microbatch, start: time, end: time))
    }

    /// Records that the rank was idle from `start` until now, waiting for the message of an edge.
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
        summary.start = started
        summary.spans = spans
        summary.memory = memory
        summary.sends = sends
        summary.waits = waits
        summary.receiveWait = receiveWait
        summary.shift(by: clockOffset)
    }
}
