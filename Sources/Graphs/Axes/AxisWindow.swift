/// Which indices of an operand's axis an index i of an output's axis reads: a window that moves with i,
///
///     block * floor((step * i + first) / divisor)  ...  block * floor((step * i + last) / divisor) + block - 1
///
/// With all at their defaults that is i itself. A convolution moves its window by `step`, and what an output reads past the
/// window of its neighbour is the halo; a transposed convolution divides by its stride; a negative step walks backwards; a
/// reshape that splits an axis reads blocks, one that merges axes divides by the extents that lie within.
public struct AxisWindow: Hashable, Sendable {
    /// What is read for an index before the first or behind the last one of the operand's axis.
    public enum Outside: Hashable, Sendable {
        /// Nothing of this operand.
        case nothing
        /// The nearest index.
        case edge
        /// The index as far inside as that one is outside, the edge not repeated.
        case mirrored
        /// The axis again, from its other end.
        case wrapped
    }

    public var step: Int
    public var first: Int
    public var last: Int
    public var divisor: Int
    public var block: Int
    public var outside: Outside

    /// - Parameters:
    ///   - divisor: taken as 1 where it is 0, as a product of extents is in tensors that have no elements.
    ///   - block: of at least 1.
    public init(
        step: Int = 1, first: Int = 0, last: Int = 0, divisor: Int = 1, block: Int = 1, outside: Outside = .nothing
    ) {
        self.step = step
        self.first = first
        self.last = last
        self.divisor = max(divisor, 1)
        self.block = max(block, 1)
        self.outside = outside
    }

    /// Index i reads index i.
    public static let pointwise = AxisWindow()

    /// Index i reads index i + `places` where there is one.
    static func shifted(by places: Int) -> AxisWindow { AxisWindow(first: places, last: places) }

    /// Index i reads every index up to i + `last` of an axis of the extent given.
    static func upTo(_ last: Int = 0, extent: Int) -> AxisWindow { AxisWindow(first: 1 - extent, last: last) }

    /// The smallest range that holds all that a range of output indices reads.
    ///
    /// - Parameter extent: of the operand's axis.
    /// - Returns: a range within `0..<extent`; empty where nothing is read.
    public func indices(readBy outputs: Range<Int>, of extent: Int) -> Range<Int> {
        guard !outputs.isEmpty, extent > 0 else { return 0..<0 }
        // Both bounds only rise with the index, or only fall.
        let (one, other) = (outputs.lowerBound, outputs.upperBound - 1)
        let low = min(bound(first, at: one), bound(first, at: other))
        let high = max(bound(last, at: one), bound(last, at: other)) + block - 1
        guard low <= high else { return 0..<0 }
        return inside(low, high, extent)
    }

    /// The first index of the block that holds one end of the window.
    private func bound(_ offset: Int, at index: Int) -> Int {
        let place = step * index + offset
        let quotient = place / divisor
        return block * (place % divisor < 0 ? quotient - 1 : quotient)
    }

    private func inside(_ low: Int, _ high: Int, _ extent: Int) -> Range<Int> {
        if low >= 0, high < extent { return low..<(high + 1) }
        func clamped(_ index: Int) -> Int { min(max(index, 0), extent - 1) }
        switch outside {
        case .nothing:
            guard low < extent, high >= 0 else { return 0..<0 }
            return clamped(low)..<(clamped(high) + 1)
        case .edge: return clamped(low)..<(clamped(high) + 1)
        case .wrapped:
            let start = remainder(low, extent)
            // A range that goes on at the other end touches both ends.
            guard high - low < extent - start else { return 0..<extent }
            return start..<(start + high - low + 1)
        case .mirrored:
            guard extent > 1 else { return 0..<1 }
            // The axis there and back, and so on; turning points are the multiples of its length.
            let length = extent - 1
            func image(_ index: Int) -> Int {
                let place = remainder(index, 2 * length)
                return min(place, 2 * length - place)
            }
            func holdsTurn(at place: Int) -> Bool { remainder(place - low, 2 * length) <= high - low }
            let ends = (image(low), image(high))
            let lowest = holdsTurn(at: 0) ? 0 : min(ends.0, ends.1)
            let highest = holdsTurn(at: length) ? length : max(ends.0, ends.1)
            return lowest..<(highest + 1)
        }
    }

    /// The rest of a division, from 0.
    private func remainder(_ number: Int, _ divisor: Int) -> Int {
        let rest = number % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
