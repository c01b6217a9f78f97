/// The time that ranks waited for messages is split by what their senders did: what passed before the sender began to
/// send is `wait`, what passed after it is `transfer`.
extension Timeline {
    private struct Message: Hashable {
        let edge: Int
        let microbatch: Int

        init(_ event: MessageEvent) { (edge, microbatch) = (event.edge, event.microbatch) }
    }

    /// A wait whose message was seen on both sides.
    private struct AttributedWait {
        let start: Double
        /// From when on the message was in transit; the end where it came before it was sent, by clocks that differ.
        let transferStart: Double
        let end: Double
    }

    /// By rank.
    private var attributedWaits: [[AttributedWait]] {
        var sent: [Message: Double] = [:]
        for send in ranks.lazy.flatMap(\.sends) { sent[Message(send)] = send.start }
        return ranks.map { rank in
            rank.waits.compactMap { wait in
                sent[Message(wait)].map {
                    AttributedWait(start: wait.start, transferStart: min(wait.end, max(wait.start, $0)), end: wait.end)
                }
            }
        }
    }

    /// Splits the seconds that each rank waited for messages to come. Events that were not kept count like those that
    /// were.
    public mutating func attributeWaits() {
        for (index, waits) in attributedWaits.enumerated() {
            let waited = waits.reduce(0) { $0 + $1.end - $1.start }
            guard waited > 0 else { continue }
            let transferred = waits.reduce(0) { $0 + $1.end - $1.transferStart }
            let moved = min(ranks[index][.wait], ranks[index].receiveWait * transferred / waited)
            ranks[index].seconds[.transfer, default: 0] += moved
            ranks[index].seconds[.wait, default: 0] -= moved
        }
    }

    /// What each rank did, with its waits split.
    public func spansWithTransfers() -> [[Span]] {
        zip(ranks, attributedWaits).map { rank, waits in
            var transfers = waits.filter { $0.transferStart < $0.end }[...]
            guard !transfers.isEmpty else { return rank.spans }
            return rank.spans.flatMap { span -> [Span] in
                guard span.activity == .wait else { return [span] }
                var parts: [Span] = []
                var place = span.start
                func add(_ activity: Activity, until end: Double) {
                    guard end > place else { return }
                    parts.append(Span(activity, microbatch: span.microbatch, start: place, end: end))
                    place = end
                }
                while let next = transfers.first, next.transferStart < span.end {
                    transfers.removeFirst()
                    let end = min(span.end, next.end)
                    if end > max(place, next.transferStart) { add(.wait, until: next.transferStart) }
                    add(.transfer, until: end)
                }
                add(.wait, until: span.end)
                return parts
            }
        }
    }
}
