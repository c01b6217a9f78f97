internal import Graphs
internal import Tensors

/// The first `count` elements of the sorted middle axis of [outer, extent, inner], and where they were. A heap holds
/// the best so far with the worst of them on top.
struct TopKKernel<Element: NumericElement>: Kernel {
    let selectsLargest: Bool
    let count: Int
    let outer: Int
    let extent: Int
    let inner: Int

    var scratchByteCount: Int { count * MemoryLayout<Int>.stride }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        guard count > 0 else { return }
        let source = operands.input(0, as: Element.self)  // [outer, extent, inner]
        let values = operands.optionalOutput(0, as: Element.self)  // [outer, count, inner]
        let places = operands.optionalOutput(1, as: Int64.self)  // the same
        let (count, inner, extent) = (count, inner, extent)
        context.parallel(outer * inner) { line, scratch in
            let from = source + line / inner * extent * inner + line % inner
            let target = line / inner * count * inner + line % inner
            let heap = scratch.assumingMemoryBound(to: Int.self)  // [count] indices of the axis
            for candidate in 0..<count { heap[candidate] = candidate }
            for root in stride(from: count / 2 - 1, through: 0, by: -1) { sink(heap, root, count, from) }
            for candidate in count..<max(extent, count) where precedes(candidate, heap[0], from) {
                heap[0] = candidate
                sink(heap, 0, count, from)
            }
            // The worst is moved to the end, repeatedly.
            for last in stride(from: count - 1, through: 0, by: -1) {
                let place = heap[0]
                values?[target + last * inner] = from[place * inner]
                places?[target + last * inner] = Int64(place)
                heap[0] = heap[last]
                sink(heap, 0, last, from)
            }
        }
    }

    /// Whether the element at one place comes before that at another; of equal ones the first. NaN is above all numbers,
    /// as when NumPy and PyTorch sort; an order without it would lose elements.
    @inline(__always)
    private func precedes(_ first: Int, _ second: Int, _ from: UnsafePointer<Element>) -> Bool {
        let x = from[first * inner]
        let y = from[second * inner]
        if selectsLargest ? x > y : x < y { return true }
        if selectsLargest ? x < y : x > y { return false }
        let (xIsNaN, yIsNaN) = (x != x, y != y)
        return xIsNaN == yIsNaN ? first < second : xIsNaN == selectsLargest
    }

    private func sink(_ heap: UnsafeMutablePointer<Int>, _ root: Int, _ size: Int, _ from: UnsafePointer<Element>) {
        var parent = root
        while true {
            var worst = parent
            let left = 2 * parent + 1
            let right = left + 1
            if left < size, precedes(heap[worst], heap[left], from) { worst = left }
            if right < size, precedes(heap[worst], heap[right], from) { worst = right }
            if worst == parent { return }
            (heap[parent], heap[worst]) = (heap[worst], heap[parent])
            parent = worst
        }
    }
}

extension TopK {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: ElementVisitor {
            let selectsLargest: Bool
            let shape: Shape
            let axis: Int
            let count: Int
            func visit<Element: NumericElement>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel.make(
                    TopKKernel<Element>(
                        selectsLargest: selectsLargest, count: count, outer: shape.elementCount(over: 0..<axis),
                        extent: shape[axis], inner: shape.elementCount(over: (axis + 1)..<shape.rank)),
                    for: Element.self)
            }
        }
        let input = request.inputTypes[0]!
        let axis = try normalizedAxis(axis, rank: input.shape.rank)
        return try input.dtype.accept(
            Visitor(
                selectsLargest: selectsLargest, shape: input.shape, axis: axis,
                count: request.outputTypes[0].shape[axis]))
    }
}
