import Graphs
import Testing

/// Ranges that windows read, against loops over every cell.
struct AxisWindowTests {
    /// Holds a window against the indices that each output index reads, for all ranges of outputs.
    ///
    /// - Parameters:
    ///   - holes: indices within a range that nothing may read at either end, where part of a window lies outside.
    ///   - reads: by output index.
    private func check(
        _ window: AxisWindow, extent: Int, holes: Int = 0, reads: [[Int]], _ name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for start in 0..<reads.count {
            for end in start...reads.count {
                let all = reads[start..<end].joined()
                let range = window.indices(readBy: start..<end, of: extent)
                let lies = range.lowerBound >= 0 && range.upperBound <= extent
                guard let first = all.min(), let last = all.max() else {
                    #expect(
                        lies && range.count <= holes, "\(name): \(start)..<\(end) reads \(range)",
                        sourceLocation: sourceLocation)
                    continue
                }
                #expect(
                    lies && range.contains(first) && range.contains(last) && first - range.lowerBound <= holes
                        && range.upperBound - 1 - last <= holes,
                    "\(name): \(start)..<\(end) reads \(range), and it is \(first)...\(last)",
                    sourceLocation: sourceLocation)
            }
        }
    }

    @Test func windowsOfConvolutions() {
        for (extent, kernel) in [(1, 1), (5, 3), (7, 2), (9, 5)] {
            for stride in 1...3 {
                for dilation in 1...2 {
                    for before in 0...3 {
                        let span = (kernel - 1) * dilation + 1
                        guard extent + 2 * before >= span else { continue }
                        let reads = (0...((extent + 2 * before - span) / stride)).map { output in
                            (0..<kernel).map { output * stride - before + $0 * dilation }.filter(
                                (0..<extent).contains)
                        }
                        check(
                            AxisWindow(step: stride, first: -before, last: span - 1 - before), extent: extent,
                            holes: max(dilation, stride) - 1, reads: reads,
                            "\(extent), kernel \(kernel), stride \(stride), dilation \(dilation), pad \(before)")
                    }
                }
            }
        }
    }

    @Test func windowsOfTransposedConvolutions() {
        for (extent, kernel) in [(1, 1), (5, 3), (4, 2), (3, 5)] {
            for stride in 1...4 {
                for before in 0...2 {
                    let target = (extent - 1) * stride + kernel - 2 * before
                    guard target > 0 else { continue }
                    let reads = (0..<target).map { output in
                        (0..<extent).filter { cell in
                            (0..<kernel).contains { cell * stride + $0 - before == output }
                        }
                    }
                    check(
                        AxisWindow(first: before + stride - kernel, last: before, divisor: stride), extent: extent,
                        holes: 0, reads: reads, "\(extent), kernel \(kernel), stride \(stride), pad \(before)")
                }
            }
        }
    }

    @Test func indicesOutside() {
        for extent in 1...5 {
            for before in 0...7 {
                for after in 0...7 {
                    let places = (0..<(extent + before + after)).map { $0 - before }
                    func check(_ outside: AxisWindow.Outside, _ name: String, _ index: (Int) -> Int?) {
                        let reads = places.map { place in
                            (0..<extent).contains(place) ? [place] : [index(place)].compactMap(\.self)
                        }
                        // Of a range that wraps the hull is the whole axis.
                        let holes = outside == .wrapped ? extent : 0
                        self.check(
                            AxisWindow(first: -before, last: -before, outside: outside), extent: extent, holes: holes,
                            reads: reads, "\(extent), \(name) from \(-before)")
                    }
                    check(.nothing, "nothing") { _ in nil }
                    check(.edge, "edge") { min(max($0, 0), extent - 1) }
                    check(.wrapped, "wrapped") { ($0 % extent + extent) % extent }
                    check(.mirrored, "mirrored") { place in
                        var place = place
                        guard extent > 1 else { return 0 }
                        // Back and forth between the ends.
                        while place < 0 || place >= extent {
                            place = place < 0 ? -place : 2 * (extent - 1) - place
                        }
                        return place
                    }
                }
            }
        }
    }

    @Test func blocksAndSteps() {
        // An axis of 12 as 4 blocks of 3; 12 indices of which 3 lie in one; from the end, every other index.
        check(
            AxisWindow(block: 3), extent: 12, reads: (0..<4).map { block in (0..<3).map { block * 3 + $0 } }, "blocks")
        check(AxisWindow(divisor: 3), extent: 4, reads: (0..<12).map { [$0 / 3] }, "quotients")
        check(
            AxisWindow(step: -2, first: 10, last: 10), extent: 12, reads: (0..<5).map { [10 - 2 * $0] }, "steps")
        check(
            AxisWindow(first: -4, last: 0), extent: 5, reads: (0..<5).map { Array(0...$0) }, "all up to each")
    }

    @Test func emptyRanges() {
        #expect(AxisWindow.pointwise.indices(readBy: 3..<3, of: 5).isEmpty)
        #expect(AxisWindow.pointwise.indices(readBy: 0..<1, of: 0).isEmpty)
        #expect(AxisWindow(divisor: 0).indices(readBy: 2..<4, of: 5) == 2..<4)
    }
}
