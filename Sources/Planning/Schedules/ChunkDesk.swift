/// Answers lanes that ask a rank for microbatches.
public protocol WorkDesk: Sendable {
    /// Records that a lane asks: it begins now with the last microbatch that it was given, if it was given any.
    mutating func ask(_ lane: Int, at now: Double)
    /// What can be answered now, in order. Call it again whenever a lane has asked.
    mutating func answers(at now: Double) -> [(lane: Int, answer: WorkAnswer)]
}

/// What a desk answers.
public enum WorkAnswer: Sendable, Hashable {
    /// Places in the order of the microbatches.
    case places(Range<Int>)
    case nothingLeft
}

/// Gives chunks in their order to the lane that asks first. It does the work of a shared counter where there is none.
public struct ChunkDesk: WorkDesk {
    private let chunks: [Range<Int>]
    private var next = 0
    private var asking: [Int] = []

    public init(_ chunks: [Range<Int>]) { self.chunks = chunks }

    public mutating func ask(_ lane: Int, at now: Double) { asking.append(lane) }

    public mutating func answers(at now: Double) -> [(lane: Int, answer: WorkAnswer)] {
        defer { asking = [] }
        return asking.map { lane in
            guard next < chunks.count else { return (lane, .nothingLeft) }
            defer { next += 1 }
            return (lane, .places(chunks[next]))
        }
    }
}
