public import Tensors

/// Decides which items travel together when they have different shapes.
///
/// Items of equal shapes form a class. Where some axes may be padded (text, whose mask says what counts), items are put
/// in order of their extents and cut into microbatches, and each microbatch is padded to its longest item: sorted so,
/// little is computed for nothing. Large items come first, so that a pipeline ends with the quick ones.
public struct ItemGrouping: Sendable {
    /// Axes of an input's items that may be longer than the item is, and the largest extent that they may get.
    public typealias PaddingLimits = [Int: Int]

    /// By input, the extents are rounded up to a multiple of this where they are padded: few lengths, few programs.
    public let paddingMultiple: Int
    public let microbatchSize: Int

    public init(microbatchSize: Int, paddingMultiple: Int) {
        precondition(microbatchSize > 0 && paddingMultiple > 0)
        self.microbatchSize = microbatchSize
        self.paddingMultiple = paddingMultiple
    }

    /// What items with one set of shapes have in common.
    public struct Group: Sendable, Hashable {
        /// By input.
        public let shapes: [Shape]
        public let places: Range<Int>

        public init(shapes: [Shape], places: Range<Int>) {
            self.shapes = shapes
            self.places = places
        }
    }

    /// - Parameters:
    ///   - shapes: by item, then by input; of equal ranks.
    ///   - padding: by input, by axis.
    ///   - urgencies: by item; empty where none is more urgent than another. Of equal shapes the urgent items go together.
    /// - Returns: the items in the order in which they are to be taken (nil for their own), and the groups in it.
    public func groups(
        of shapes: [[Shape]], padding: [PaddingLimits], urgencies: [Urgency] = []
    ) -> (order: [Int]?, groups: [Group]) {
        guard let first = shapes.first else { return (nil, []) }
        if urgencies.isEmpty, padding.allSatisfy(\.isEmpty), shapes.allSatisfy({ $0 == first }) {
            return (nil, [Group(shapes: first, places: 0..<shapes.count)])
        }
        let keys = shapes.map { Key($0, padding: padding) }
        let order = shapes.indices.sorted { left, right in
            if keys[left].fixed != keys[right].fixed { return keys[right] < keys[left] }
            if !urgencies.isEmpty, urgencies[left] != urgencies[right] { return urgencies[left] < urgencies[right] }
            return keys[left] == keys[right] ? left < right : keys[right] < keys[left]
        }
        var groups: [Group] = []
        var start = 0
        while start < order.count {
            let end = endOfMicrobatch(from: start, order: order, keys: keys)
            let padded = padded(order[start..<end].map { shapes[$0] }, padding: padding)
            if let last = groups.last, last.shapes == padded, last.places.count % microbatchSize == 0 {
                groups[groups.count - 1] = Group(shapes: padded, places: last.places.lowerBound..<end)
            } else {
                groups.append(Group(shapes: padded, places: start..<end))
            }
            start = end
        }
        let isOwnOrder = order.enumerated().allSatisfy { $0.offset == $0.element }
        return (isOwnOrder ? nil : order, groups)
    }

    /// What decides about an item's neighbours: extents that must be equal, then those that may be padded.
    private struct Key: Hashable, Comparable {
        let fixed: [Int]
        let paddable: [Int]

        init(_ shapes: [Shape], padding: [PaddingLimits]) {
            var fixed: [Int] = []
            var paddable: [Int] = []
            for (shape, limits) in zip(shapes, padding) {
                for (axis, extent) in shape.dimensions.enumerated() {
                    if limits[axis] == nil { fixed.append(extent) } else { paddable.append(extent) }
                }
            }
            self.fixed = fixed
            self.paddable = paddable
        }

        static func < (left: Key, right: Key) -> Bool {
            left.fixed == right.fixed
                ? left.paddable.lexicographicallyPrecedes(right.paddable)
                : left.fixed.lexicographicallyPrecedes(right.fixed)
        }
    }

    private func endOfMicrobatch(from start: Int, order: [Int], keys: [Key]) -> Int {
        let limit = min(order.count, start + microbatchSize)
        let fixed = keys[order[start]].fixed
        return (start..<limit).first { keys[order[$0]].fixed != fixed } ?? limit
    }

    private func padded(_ items: [[Shape]], padding: [PaddingLimits]) -> [Shape] {
        padding.indices.map { input in
            let shapes = items.map { $0[input] }
            return Shape(
                shapes[0].dimensions.indices.map { axis in
                    let longest = shapes.reduce(0) { max($0, $1[axis]) }
                    guard let limit = padding[input][axis] else { return longest }
                    let rounded = (longest + paddingMultiple - 1) / paddingMultiple * paddingMultiple
                    return max(longest, min(limit, rounded))
                })
        }
    }
}
