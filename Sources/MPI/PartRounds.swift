/// How parts of different lengths travel in one collective: in rounds that carry at most `chunk` bytes of each part,
/// because MPI counts the bytes of all parts together in 32 bits. Nearly always one round is enough.
struct PartRounds {
    let lengths: [Int]
    let chunk: Int
    let count: Int

    /// - Parameters:
    ///   - longest: the length of the longest part, as all ranks see it.
    ///   - total: the largest sum of lengths that any rank sends or receives.
    init(lengths: [Int], longest: Int, total: Int, largestCount: Int32) {
        self.lengths = lengths
        chunk = max(1, total <= Int(largestCount) ? longest : Int(largestCount) / lengths.count)
        count = (longest + chunk - 1) / chunk
    }

    /// For parts whose lengths all ranks know.
    init(lengths: [Int], largestCount: Int32) {
        self.init(
            lengths: lengths, longest: lengths.max() ?? 0, total: lengths.reduce(0, +), largestCount: largestCount)
    }

    /// The bytes of one part that travel in a round.
    func range(of part: Int, round: Int) -> Range<Int> {
        let start = min(round * chunk, lengths[part])
        return start..<min(start + chunk, lengths[part])
    }

    /// How many bytes of each part travel in a round, where they lie in a buffer one after another, and the length of
    /// that buffer.
    func window(round: Int) -> (counts: [Int32], places: [Int32], total: Int) {
        var counts: [Int32] = []
        var places: [Int32] = []
        var total = 0
        for part in lengths.indices {
            let count = range(of: part, round: round).count
            counts.append(Int32(count))
            places.append(Int32(total))
            total += count
        }
        return (counts, places, total)
    }

    /// Appends to each part what a round has brought of it.
    func append(_ staging: [UInt8], round: Int, to parts: inout [[UInt8]]) {
        var place = 0
        for part in lengths.indices {
            let count = range(of: part, round: round).count
            parts[part] += staging[place..<(place + count)]
            place += count
        }
    }

    /// What a round takes of each part, one after another.
    func staging(of parts: [[UInt8]], round: Int) -> [UInt8] {
        var staging: [UInt8] = []
        for part in parts.indices { staging += parts[part][range(of: part, round: round)] }
        return staging
    }

    var emptyParts: [[UInt8]] {
        lengths.map { length in
            var part: [UInt8] = []
            part.reserveCapacity(length)
            return part
        }
    }
}
