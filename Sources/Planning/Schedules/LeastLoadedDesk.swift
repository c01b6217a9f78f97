/// Gives microbatches to lanes one by one: each to the lane that is expected to finish it first. A lane that asks, and
/// would finish later than one that has not asked yet, has to wait, so that a slow lane does not get the last
/// microbatches.
///
/// A value: the caller has the clock, and tells it which lane asked and when. A lane asks for more when it begins with
/// the last that it has, so that it has the next before it needs it. The desk is on a rank that computes too, and
/// answers between two layers: while that rank is busy with something long, another lane is given enough work for a
/// part of that time.
public struct LeastLoadedDesk: WorkDesk {
    private struct Lane {
        /// Seconds for a full microbatch, as predicted at first, then as measured.
        var pace: Double
        /// When it is expected to have finished all that it was given.
        var free = 0.0
        var isAsking = false
        /// The last microbatch that it had when it asked, which it began then: its size, and the time.
        var begun: (size: Double, time: Double)?
        /// What it was given since then: the size of all together, and of the last.
        var given: (total: Double, last: Double)?
        /// Whether it had nothing to do in between, so that the time does not show its pace.
        var hadToWait = false
    }

    /// By place in the order: size relative to that of a full microbatch.
    private let sizes: [Float]
    private var lanes: [Lane]
    /// The lane of the rank that the desk is on.
    private let ownLane: Int?
    /// The next place to be given.
    public private(set) var next = 0

    /// - Parameter paces: by lane: seconds that a full microbatch is predicted to take.
    public init(sizes: [Float], paces: [Double], ownLane: Int? = nil) {
        self.sizes = sizes
        self.ownLane = ownLane
        lanes = paces.map { Lane(pace: $0) }
    }

    public mutating func ask(_ lane: Int, at now: Double) {
        let given = lanes[lane].given
        if let begun = lanes[lane].begun, let given, !lanes[lane].hadToWait {
            let work = begun.size + given.total - given.last
            // A single time may be untypical; the previous pace counts for half.
            if work > 0 { lanes[lane].pace = (lanes[lane].pace + (now - begun.time) / work) / 2 }
        }
        lanes[lane].begun = given.map { ($0.last, now) }
        lanes[lane].free = now + (given?.last ?? 0) * lanes[lane].pace
        lanes[lane].given = nil
        lanes[lane].hadToWait = false
        lanes[lane].isAsking = true
    }

    public mutating func answers(at now: Double) -> [(lane: Int, answer: WorkAnswer)] {
        var answers: [(lane: Int, answer: WorkAnswer)] = []
        while next < sizes.count, lanes.contains(where: \.isAsking) {
            let size = Double(sizes[next])
            func end(_ lane: Lane) -> Double { expectedFree(lane, now) + size * lane.pace }
            // Of several equal ones, one that asks.
            let best = lanes.indices.min {
                (end(lanes[$0]), lanes[$0].isAsking ? 0 : 1, $0) < (end(lanes[$1]), lanes[$1].isAsking ? 0 : 1, $1)
            }!
            guard lanes[best].isAsking else { break }
            let first = next
            let horizon = now + (ownLane == best ? 0 : ownLane.map { max(0, lanes[$0].free - now) / 2 } ?? 0)
            lanes[best].hadToWait = now > lanes[best].free
            repeat {
                let size = Double(sizes[next])
                lanes[best].free = expectedFree(lanes[best], now) + size * lanes[best].pace
                lanes[best].given = ((lanes[best].given?.total ?? 0) + size, size)
                next += 1
            } while next < sizes.count && lanes[best].free < horizon
            lanes[best].isAsking = false
            answers.append((best, .places(first..<next)))
        }
        guard next == sizes.count else { return answers }
        for lane in lanes.indices where lanes[lane].isAsking {
            lanes[lane].isAsking = false
            answers.append((lane, .nothingLeft))
        }
        return answers
    }

    /// When a lane will have nothing to do. One that is overdue is assumed to need as long again as it is late already.
    private func expectedFree(_ lane: Lane, _ now: Double) -> Double {
        if lane.free >= now { return lane.free }
        return lane.isAsking ? now : now + (now - lane.free)
    }
}
