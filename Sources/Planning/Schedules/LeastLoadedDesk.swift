/// Gives microbatches to lanes one by one: each to the lane that is expected to be done with it first. A lane that asks and
/// would be slower than one that has not asked yet has to wait, so that the last microbatches do not end on a slow lane.
///
/// A value: whoever has a clock tells it who asked when. A lane asks for the next microbatch when it begins with one, so that
/// it has the next before it needs it.
public struct LeastLoadedDesk: Sendable {
    private struct Lane {
        /// Seconds for a full microbatch, as predicted at first, then as measured.
        var pace: Double
        /// When it is expected to be done with all that it was given.
        var free = 0.0
        var isAsking = false
        /// What it has begun with, and when; nil where it had to wait before, so that the time says nothing.
        var begun: (size: Double, time: Double)?
        /// What it was given and has not begun with.
        var next: Double?
        var hadToWait = false
    }

    /// What the desk answers.
    public enum Answer: Sendable, Hashable {
        /// A place in the order of the microbatches.
        case place(Int)
        case nothingLeft
    }

    /// By place in the order: size beside that of a full microbatch.
    private let sizes: [Float]
    private var lanes: [Lane]
    /// The next place to be given.
    public private(set) var next = 0

    /// - Parameter paces: by lane: seconds that a full microbatch is predicted to take.
    public init(sizes: [Float], paces: [Double]) {
        self.sizes = sizes
        lanes = paces.map { Lane(pace: $0) }
    }

    /// Notes that a lane asks: it begins now with what it was given last, if with anything.
    public mutating func ask(_ lane: Int, at now: Double) {
        if let begun = lanes[lane].begun, begun.size > 0, !lanes[lane].hadToWait {
            // A single time may be off; half of what was thought so far stays.
            lanes[lane].pace = (lanes[lane].pace + (now - begun.time) / begun.size) / 2
        }
        lanes[lane].begun = lanes[lane].next.map { ($0, now) }
        lanes[lane].free = now + (lanes[lane].next ?? 0) * lanes[lane].pace
        lanes[lane].next = nil
        lanes[lane].hadToWait = false
        lanes[lane].isAsking = true
    }

    /// What can be answered now, in order. Ask again whenever somebody has asked.
    public mutating func answers(at now: Double) -> [(lane: Int, answer: Answer)] {
        var answers: [(lane: Int, answer: Answer)] = []
        while next < sizes.count, lanes.contains(where: \.isAsking) {
            let size = Double(sizes[next])
            func end(_ lane: Lane) -> Double { expectedFree(lane, now) + size * lane.pace }
            // Of several the one that asks.
            let best = lanes.indices.min {
                (end(lanes[$0]), lanes[$0].isAsking ? 0 : 1, $0) < (end(lanes[$1]), lanes[$1].isAsking ? 0 : 1, $1)
            }!
            guard lanes[best].isAsking else { break }
            lanes[best].hadToWait = now > lanes[best].free
            lanes[best].free = end(lanes[best])
            lanes[best].next = size
            lanes[best].isAsking = false
            answers.append((best, .place(next)))
            next += 1
        }
        guard next == sizes.count else { return answers }
        for lane in lanes.indices where lanes[lane].isAsking {
            lanes[lane].isAsking = false
            answers.append((lane, .nothingLeft))
        }
        return answers
    }

    /// When a lane will have nothing to do. One that is overdue is taken to be late for as long again.
    private func expectedFree(_ lane: Lane, _ now: Double) -> Double {
        if lane.free >= now { return lane.free }
        return lane.isAsking ? now : now + (now - lane.free)
    }
}
