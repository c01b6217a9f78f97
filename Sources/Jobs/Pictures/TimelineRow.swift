internal import Planning

/// One rank's time as it is drawn: what is wide enough to be seen on its own, and the rest as shares of small steps.
struct TimelineRow: Sendable {
    struct Block: Sendable, Hashable {
        let kind: TimeKind
        let microbatch: Int
        let start: Double
        let end: Double
    }

    /// Shares of a step's time by kind, from 0 to 1; what is missing was not noted.
    struct Step: Sendable, Hashable {
        let start: Double
        let end: Double
        let shares: [TimeKind: Double]
    }

    private(set) var blocks: [Block] = []
    private(set) var steps: [Step] = []

    /// - Parameters:
    ///   - window: seconds that are shown.
    ///   - pixel: seconds to a unit of the drawing.
    init(_ spans: [Timeline.Span], window: ClosedRange<Double>, pixel: Double) {
        // Steps have a fixed grid, so that they add up whatever lies between them.
        let stepLength = 2 * pixel
        var seconds: [Int: [TimeKind: Double]] = [:]
        for span in spans {
            let start = max(span.start, window.lowerBound)
            let end = min(span.end, window.upperBound)
            guard end > start, stepLength > 0 else { continue }
            let kind = TimeKind(span.activity)
            if end - start >= stepLength {
                blocks.append(Block(kind: kind, microbatch: span.microbatch, start: start, end: end))
                continue
            }
            let first = Int(((start - window.lowerBound) / stepLength).rounded(.down))
            let edge = window.lowerBound + Double(first + 1) * stepLength
            seconds[first, default: [:]][kind, default: 0] += min(end, edge) - start
            if end > edge { seconds[first + 1, default: [:]][kind, default: 0] += end - edge }
        }
        for (index, sums) in seconds.sorted(by: { $0.key < $1.key }) {
            let start = window.lowerBound + Double(index) * stepLength
            // Finer than a twentieth cannot be seen.
            let shares = sums.mapValues { ($0 / stepLength * 20).rounded() / 20 }.filter { $0.value > 0 }
            if let last = steps.last, last.shares == shares, abs(last.end - start) < 0.01 * stepLength {
                steps[steps.count - 1] = Step(start: last.start, end: start + stepLength, shares: shares)
            } else if !shares.isEmpty {
                steps.append(Step(start: start, end: start + stepLength, shares: shares))
            }
        }
    }
}
