internal import Graphs
internal import Tensors

extension Unique {
    /// The different slices, where each first occurs, which of them each slice is, and how often each occurs.
    func evaluate(_ data: Tensor) throws -> [Tensor] {
        let source = axis == nil ? data.reshaped([data.elementCount]) : data
        let axis = try normalizedAxis(axis ?? 0, rank: source.shape.rank)
        let slices = SliceOrder(source, axis: axis)
        // Places in the axis, equal ones side by side, the first of them first.
        let sorted = try slices.sorted()
        var groups: [(first: Int, members: [Int])] = []
        for place in sorted {
            if let last = groups.last, try slices.isEqual(last.first, place) {
                groups[groups.count - 1].members.append(place)
            } else {
                groups.append((place, [place]))
            }
        }
        if !isSorted { groups.sort { $0.first < $1.first } }

        var inverse = [Int64](repeating: 0, count: sorted.count)
        for (index, group) in groups.enumerated() {
            for member in group.members { inverse[member] = Int64(index) }
        }
        let firsts = groups.map { Int64($0.first) }
        let values = try NodeEvaluation.evaluate(
            .gather(Gather(axis: axis)), operands: [source, Tensor(firsts)], pool: .caller)
        return [values[0], Tensor(firsts), Tensor(inverse), Tensor(groups.map { Int64($0.members.count) })]
    }
}

/// The slices of a tensor along an axis, in the order of their elements, the first that differ deciding. NaNs come last
/// and differ from one another, as in NumPy's `unique` along an axis.
private struct SliceOrder {
    private let tensor: Tensor
    private let outer: Int
    private let extent: Int
    private let inner: Int

    init(_ tensor: Tensor, axis: Int) {
        self.tensor = tensor.dtype.isHalfPrecision ? HalfPrecision.widened(tensor) : tensor
        outer = tensor.shape.elementCount(over: 0..<axis)
        extent = tensor.shape[axis]
        inner = tensor.shape.elementCount(over: (axis + 1)..<tensor.shape.rank)
    }

    /// -1, 0 or 1 as one slice comes before, with, or after another.
    private struct Comparison: ElementVisitor {
        let order: SliceOrder
        let first: Int
        let second: Int

        func visit<Element: NumericElement>(_: Element.Type) throws -> Int {
            order.compare(first, second, Element.self)
        }
    }

    private struct Sorting: ElementVisitor {
        let order: SliceOrder

        func visit<Element: NumericElement>(_: Element.Type) throws -> [Int] {
            (0..<order.extent).sorted { first, second in
                let comparison = order.compare(first, second, Element.self)
                return comparison == 0 ? first < second : comparison < 0
            }
        }
    }

    func sorted() throws -> [Int] { try tensor.dtype.accept(Sorting(order: self)) }

    func isEqual(_ first: Int, _ second: Int) throws -> Bool {
        try tensor.dtype.accept(Comparison(order: self, first: first, second: second)) == 0
    }

    fileprivate func compare<Element: NumericElement>(_ first: Int, _ second: Int, _: Element.Type) -> Int {
        let elements = tensor.pointer.assumingMemoryBound(to: Element.self)  // [outer, extent, inner]
        for row in 0..<outer {
            for column in 0..<inner {
                let x = elements[(row * extent + first) * inner + column]
                let y = elements[(row * extent + second) * inner + column]
                if x == y { continue }
                if x < y { return -1 }
                if y < x { return 1 }
                // At least one is NaN.
                if x == x { return -1 }
                if y == y { return 1 }
                if first != second { return first < second ? -1 : 1 }
            }
        }
        return 0
    }
}
