/// Offsets in one arena for buffers that live over some steps each, so that buffers that never live together share
/// bytes.
///
/// Greedy by size, as in Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference" (2020): the
/// largest buffers choose first, each takes the lowest gap among those that overlap it in time.
public struct MemoryPlan: Sendable {
    /// A buffer: how large, and from which step to which (both included) it holds something.
    public struct Buffer: Sendable {
        public let byteCount: Int
        public let steps: ClosedRange<Int>

        public init(byteCount: Int, steps: ClosedRange<Int>) {
            self.byteCount = byteCount
            self.steps = steps
        }
    }

    /// For each buffer its place in the arena, in bytes, aligned to 64.
    public let offsets: [Int]
    /// Bytes that the arena needs.
    public let byteCount: Int

    public init(_ buffers: [Buffer]) {
        var offsets = [Int](repeating: 0, count: buffers.count)
        var placed: [(offset: Int, end: Int, steps: ClosedRange<Int>)] = []  // ascending by offset
        var total = 0
        for index in buffers.indices.sorted(by: { (buffers[$1].byteCount, $0) < (buffers[$0].byteCount, $1) }) {
            let size = (max(buffers[index].byteCount, 1) + 63) & ~63
            var offset = 0
            for other in placed where other.steps.overlaps(buffers[index].steps) {
                if other.offset >= offset + size { break }
                offset = max(offset, other.end)
            }
            offsets[index] = offset
            total = max(total, offset + size)
            let position = placed.firstIndex { $0.offset > offset } ?? placed.count
            placed.insert((offset, offset + size, buffers[index].steps), at: position)
        }
        self.offsets = offsets
        byteCount = total
    }
}
