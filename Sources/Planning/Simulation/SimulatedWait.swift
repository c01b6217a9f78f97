/// What a rank waited for before it computed: the message that came last. The time after that message was sent is
/// transfer, the rest is waiting.
struct SimulatedWait {
    // In seconds; nil where there is no message.
    private var lastArrival: Double?
    private var lastSent = 0.0

    mutating func add(arrival: Double, sent: Double) {
        guard arrival >= lastArrival ?? 0 else { return }
        (lastArrival, lastSent) = (arrival, sent)
    }

    /// The parts of a wait, in order; those that take no time are left out.
    @inline(__always)
    func forEachPart(
        from start: Double, to end: Double,
        _ body: (_ activity: Timeline.Activity, _ start: Double, _ end: Double) -> Void
    ) {
        let arrival = min(end, lastArrival ?? start)
        let transfer = max(0, arrival - max(start, lastArrival == nil ? arrival : lastSent))
        if arrival - transfer > start { body(.wait, start, arrival - transfer) }
        if arrival > arrival - transfer { body(.transfer, arrival - transfer, arrival) }
        if end > max(start, arrival) { body(.wait, max(start, arrival), end) }
    }
}
