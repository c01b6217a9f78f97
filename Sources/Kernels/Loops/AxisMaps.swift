internal import Tensors

/// An output whose cells come from the input axis by axis: along each axis a table says which input index an output
/// index reads, or that it reads none and takes the fill value. Slices, pads of all kinds and nearest resizing.
struct AxisMaps: Sendable {
    /// A stretch of the innermost mapped axis.
    private enum Segment {
        case copy(start: Int, source: Int, count: Int)
        case fill(start: Int, count: Int)
        case gather(start: Int, count: Int)
    }

    private let outerExtents: [Int]
    /// For each outer axis the input offset in blocks of every output index, -1 for none.
    private let outerOffsets: [[Int]]
    /// The same for the innermost mapped axis.
    private let innerOffsets: [Int]
    private let segments: [Segment]
    /// Bytes that move together: the trailing axes taken whole.
    private let blockBytes: Int
    private let elementByteCount: Int

    /// - Parameter maps: for each axis of `input` the input index of every output index, -1 for none.
    init(input: Shape, maps: [[Int]], elementByteCount: Int) {
        var axisCount = input.rank
        var blockElements = 1
        while axisCount > 0, maps[axisCount - 1].elementsEqual(0..<input[axisCount - 1]) {
            blockElements *= input[axisCount - 1]
            axisCount -= 1
        }
        blockBytes = blockElements * elementByteCount
        self.elementByteCount = elementByteCount
        var steps = [Int](repeating: 1, count: axisCount)
        for axis in stride(from: axisCount - 2, through: 0, by: -1) { steps[axis] = steps[axis + 1] * input[axis + 1] }
        let offsets = (0..<axisCount).map { axis in maps[axis].map { $0 < 0 ? -1 : $0 * steps[axis] } }
        innerOffsets = offsets.last ?? [0]
        outerOffsets = Array(offsets.dropLast())
        outerExtents = outerOffsets.map(\.count)
        segments = AxisMaps.segments(of: innerOffsets)
    }

    private static func segments(of offsets: [Int]) -> [Segment] {
        var segments: [Segment] = []
        var start = 0
        while start < offsets.count {
            var end = start + 1
            if offsets[start] < 0 {
                while end < offsets.count, offsets[end] < 0 { end += 1 }
                segments.append(.fill(start: start, count: end - start))
            } else {
                while end < offsets.count, offsets[end] == offsets[end - 1] + 1 { end += 1 }
                if end - start < 4, case .gather(let first, let count)? = segments.last {
                    segments[segments.count - 1] = .gather(start: first, count: count + end - start)
                } else if end - start < 4 {
                    segments.append(.gather(start: start, count: end - start))
                } else {
                    segments.append(.copy(start: start, source: offsets[start], count: end - start))
                }
            }
            start = end
        }
        return segments
    }

    /// - Parameters:
    ///   - source: the whole input
    ///   - destination: the whole output
    ///   - fill: one element, for the cells that read none
    func run(
        _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, fill: UnsafeRawPointer,
        _ context: borrowing KernelContext
    ) {
        let rowBlocks = innerOffsets.count
        let rows = outerExtents.reduce(1, *)
        guard rows > 0, rowBlocks > 0, blockBytes > 0 else { return }
        let blockElements = blockBytes / elementByteCount
        context.parallelRanges(rows, cost: rowBlocks * max(1, blockBytes / 8)) { range in
            var previousBase = -1
            for row in range {
                let target = destination + row * rowBlocks * blockBytes
                let base = inputOffset(ofRow: row)
                if let base, base == previousBase {
                    // An enlarged image repeats its rows.
                    let rowBytes = rowBlocks * blockBytes
                    MemoryMovement.copy(target - rowBytes, to: target, byteCount: rowBytes)
                    continue
                }
                previousBase = base ?? -1
                guard let base else {
                    MemoryMovement.fill(
                        target, cell: fill, cellBytes: elementByteCount, count: rowBlocks * blockElements)
                    continue
                }
                let from = source + base * blockBytes
                for segment in segments {
                    switch segment {
                    case .copy(let start, let first, let count):
                        MemoryMovement.copy(
                            from + first * blockBytes, to: target + start * blockBytes, byteCount: count * blockBytes)
                    case .fill(let start, let count):
                        MemoryMovement.fill(
                            target + start * blockBytes, cell: fill, cellBytes: elementByteCount,
                            count: count * blockElements)
                    case .gather(let start, let count): gather(from, target, start: start, count: count)
                    }
                }
            }
        }
    }

    private func inputOffset(ofRow row: Int) -> Int? {
        var rest = row
        var offset = 0
        for axis in stride(from: outerExtents.count - 1, through: 0, by: -1) {
            let part = outerOffsets[axis][rest % outerExtents[axis]]
            if part < 0 { return nil }
            offset += part
            rest /= outerExtents[axis]
        }
        return offset
    }

    private func gather(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, start: Int, count: Int) {
        innerOffsets.withUnsafeBufferPointer { offsets in
            let offsets = offsets.baseAddress! + start
            switch blockBytes {
            case 4:
                let from = source.assumingMemoryBound(to: UInt32.self)
                let to = target.assumingMemoryBound(to: UInt32.self) + start
                for index in 0..<count { to[index] = from[offsets[index]] }
            case 8:
                let from = source.assumingMemoryBound(to: UInt64.self)
                let to = target.assumingMemoryBound(to: UInt64.self) + start
                for index in 0..<count { to[index] = from[offsets[index]] }
            default:
                for index in 0..<count {
                    MemoryMovement.copy(
                        source + offsets[index] * blockBytes, to: target + (start + index) * blockBytes,
                        byteCount: blockBytes)
                }
            }
        }
    }
}
