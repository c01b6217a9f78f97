/// Answers lanes that ask a rank for microbatches.
public protocol WorkDesk: Sendable {
    /// Notes that a lane asks: it begins now with the last that it was given, if with anything.
    mutating func ask(_ lane: Int, at now: Double)
    /// What can be answered now, in order. To be asked again whenever a lane has asked.
    mutating func answers(at now: Double) -> [(lane: Int, answer: WorkAnswer)]
}

/// What a desk answers.
public enum WorkAnswer: Sendable, Hashable {
    /// Places in the order of the microbatches.
    case places(Range<Int>)
    case nothingLeft
}

/// Gives chunks in their order to whoever asks first: what a shared counter does where there is none.
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
