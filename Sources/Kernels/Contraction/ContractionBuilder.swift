internal import Graphs
internal import Tensors

/// Finds the steps of an Einstein sum for known shapes, none of which is empty.
///
/// Operands are contracted two by two, the cheapest pair first. Letters that only one of them has and nothing else
/// needs are summed before; of the others each is one of four kinds for a pair: in both and needed later (the batch),
/// in both and summed (inner), only in the left (rows), only in the right (columns). What follows from shapes alone is
/// the same wherever the node runs, so results are too.
struct ContractionBuilder<Element: MatrixElement> {
    let request: KernelRequest
    let extents: [Character: Int]
    /// The result's letters of extents above 1.
    let output: [Character]
    var steps: [ContractionKernel.Step] = []
    var temporaryByteCounts: [Int] = []
    var absorbed: Set<Int> = []

    init(_ request: KernelRequest, _ plan: Einsum.Plan) {
        self.request = request
        extents = plan.extents
        output = plan.output.filter { plan.extents[$0] != 1 }
    }

    static func kernel(_ request: KernelRequest, _ plan: Einsum.Plan) throws -> any Kernel {
        var builder = ContractionBuilder(request, plan)
        try builder.build(
            plan.operands.indices.map {
                LetteredView(.operand($0), axes: plan.operands[$0], shape: request.inputTypes[$0]!.shape)
            })
        return ContractionKernel(
            steps: builder.steps, temporaryByteCounts: builder.temporaryByteCounts, absorbedOperands: builder.absorbed)
    }

    private mutating func build(_ operands: [LetteredView]) throws {
        var views = operands
        for index in views.indices {
            let wanted = Set(output).union(views.indices.filter { $0 != index }.flatMap { views[$0].letters })
            views[index] = try summed(views[index], keeping: wanted, isLast: views.count == 1)
        }
        while views.count > 1 {
            let (first, second) = cheapestPair(views)
            let right = views.remove(at: second)
            let left = views.remove(at: first)
            let wanted = Set(output).union(views.flatMap(\.letters))
            views.append(try contracted(left, right, keeping: wanted, isLast: views.isEmpty))
        }
        if views[0].place != .result { copy(views[0], to: output, in: .result) }
    }

    /// The pair whose product costs least; of equals the one whose operands come first.
    private func cheapestPair(_ views: [LetteredView]) -> (Int, Int) {
        var best = (0, 1)
        var least = Double.infinity
        for second in views.indices {
            for first in 0..<second {
                let letters = Set(views[first].letters).union(views[second].letters)
                let cost = letters.sorted().reduce(1.0) { $0 * Double(extents[$1]!) }
                if cost < least { (best, least) = ((first, second), cost) }
            }
        }
        return best
    }

    // MARK: - Steps

    mutating func temporary(_ letters: [Character]) -> LetteredView {
        temporaryByteCounts.append(extents.count(letters) * MemoryLayout<Element>.stride)
        return LetteredView(.temporary(temporaryByteCounts.count - 1), dense: letters, extents)
    }

    /// Copies a view so that it is dense in this order.
    private mutating func copy(_ view: LetteredView, to order: [Character], in place: LetteredView.Place) {
        let kernel = StridedCopyKernel(
            copy: StridedCopy(
                extents: order.map { extents[$0]! }, strides: order.map { view.strides[$0]! },
                elementByteCount: MemoryLayout<Element>.stride))
        steps.append(ContractionKernel.Step(kernel: kernel, inputs: [view.place], output: place))
    }

    mutating func dense(_ view: LetteredView, _ order: [Character]) -> LetteredView {
        if view.isDense(order, extents) { return view }
        let target = temporary(order)
        copy(view, to: order, in: target.place)
        return target
    }

    /// A view without the letters that nothing needs.
    private mutating func summed(
        _ view: LetteredView, keeping wanted: Set<Character>, isLast: Bool
    ) throws -> LetteredView {
        guard view.letters.contains(where: { !wanted.contains($0) }) else { return view }
        let order = view.lettersInMemory
        let source = dense(view, order)
        let kept = order.filter(wanted.contains)
        let target = isLast && kept == output ? LetteredView(.result, dense: output, extents) : temporary(kept)
        let plan = ReductionPlan(
            input: Shape(order.map { extents[$0]! }), axes: order.indices.filter { !wanted.contains(order[$0]) })
        let kernel = SpecializedKernel(ReductionKernel<Element>(kind: .sum, plan: plan))
        steps.append(ContractionKernel.Step(kernel: kernel, inputs: [source.place], output: target.place))
        return target
    }

    private mutating func contracted(
        _ left: LetteredView, _ right: LetteredView, keeping wanted: Set<Character>, isLast: Bool
    ) throws -> LetteredView {
        let shared = left.letters.filter(right.letters.contains)
        let inner = shared.filter { !wanted.contains($0) }
        let rows = left.letters.filter { !shared.contains($0) }
        let columns = right.letters.filter { !shared.contains($0) }
        if inner.isEmpty || (rows.isEmpty && columns.isEmpty && extents.count(inner) < Self.longDot) {
            return try multiplied(left, right, keeping: wanted, isLast: isLast)
        }
        var target: LetteredView
        if isLast {
            target = LetteredView(.result, dense: output, extents)
            // The columns are what lies side by side in the result.
            if let last = output.last, rows.contains(last) {
                return try matrixProduct(right, left, inner: inner, into: target)
            }
            if let last = output.last, shared.contains(last) {
                target = temporary(shared.filter(wanted.contains) + rows + columns)
            }
            return try matrixProduct(left, right, inner: inner, into: target)
        }
        if isConstant(left) && !isConstant(right) {
            target = temporary(shared.filter(wanted.contains) + columns + rows)
            return try matrixProduct(right, left, inner: inner, into: target)
        }
        target = temporary(shared.filter(wanted.contains) + rows + columns)
        return try matrixProduct(left, right, inner: inner, into: target)
    }

    /// From this length on a sum of products of two vectors is left to the matrix product.
    private static var longDot: Int { 4096 }

    /// The elements' products under equal letters, and their sum over the letters that nothing needs.
    private mutating func multiplied(
        _ left: LetteredView, _ right: LetteredView, keeping wanted: Set<Character>, isLast: Bool
    ) throws -> LetteredView {
        let letters = left.letters + right.letters.filter { !left.letters.contains($0) }
        let summedLetters = letters.filter { !wanted.contains($0) }
        let order = (isLast ? output : letters.filter(wanted.contains)) + summedLetters
        let isResult = isLast && summedLetters.isEmpty
        let sources = [left, right].map { view in dense(view, order.filter(view.letters.contains)) }
        let target = isResult ? LetteredView(.result, dense: output, extents) : temporary(order)
        let shapes = sources.map { view in
            Shape(order.map { view.letters.contains($0) ? extents[$0]! : 1 })
        }
        let plan = BroadcastPlan(output: Shape(order.map { extents[$0]! }), operands: shapes)
        let kernel: any Kernel
        if Element.self == Float.self, let vectorised = VectorisedBinaryKernel(.multiply, plan) {
            kernel = vectorised
        } else {
            kernel = SpecializedKernel(ArithmeticKernel<Element>(function: .multiply, plan: plan))
        }
        steps.append(ContractionKernel.Step(kernel: kernel, inputs: sources.map(\.place), output: target.place))
        return try summed(target, keeping: wanted, isLast: isLast)
    }

    // MARK: - Matrix products

    private func isConstant(_ view: LetteredView) -> Bool {
        if case .operand(let index) = view.place { return request.isConstant(index) }
        return false
    }

    /// Of a group of letters, the outermost first, how many of the last ones count as one index in all views: the
    /// others become a loop.
    private func mergedSuffix(_ group: [Character], _ views: [LetteredView]) -> Int {
        (0...group.count).first { dropped in
            views.allSatisfy { $0.stride(of: Array(group.dropFirst(dropped)), extents, ofNone: 0) != nil }
        }.map { group.count - $0 } ?? 0
    }

    /// Whether this many of a group's last letters make matrices that are worth multiplying.
    private func isEnough(_ suffix: Int, of group: [Character]) -> Bool {
        extents.count(group.suffix(suffix)) >= min(16, extents.count(group))
    }

    /// left x right into `target`, or into new memory with the same letters where `target` cannot be written by rows.
    private mutating func matrixProduct(
        _ left: LetteredView, _ right: LetteredView, inner: [Character], into wanted: LetteredView
    ) throws -> LetteredView {
        var (left, right, target) = (left, right, wanted)
        let batch = target.letters.filter { left.letters.contains($0) && right.letters.contains($0) }
        let rows = target.letters.filter { left.letters.contains($0) && !batch.contains($0) }
        let columns = target.letters.filter { right.letters.contains($0) && !batch.contains($0) }
        let depth = left.lettersInMemory.filter(inner.contains)
        if batch.isEmpty,
            let target = try linearProduct(left, right, rows: rows, columns: columns, depth: depth, into: wanted)
        {
            return target
        }
        if !isMatrix(left, rows: [], inner: depth) { left = dense(left, batch + rows + depth) }
        if !isMatrix(right, rows: [], inner: depth) { right = dense(right, batch + columns + depth) }
        // What does not count as one index is copied, or looped over where enough remains.
        if !isEnough(mergedSuffix(rows, [target]), of: rows) || !isEnough(mergedSuffix(columns, [target]), of: columns)
            || !writesRows(target, columns)
        {
            target = temporary(batch + rows + columns)
        }
        if !isEnough(mergedSuffix(rows, [left, target]), of: rows) { left = dense(left, batch + rows + depth) }
        if !isEnough(mergedSuffix(columns, [right, target]), of: columns) {
            right = dense(right, batch + columns + depth)
        }
        var rowSuffix = Array(rows.suffix(mergedSuffix(rows, [left, target])))
        if !isMatrix(left, rows: rowSuffix, inner: depth) {
            left = dense(left, batch + rows + depth)
            rowSuffix = Array(rows.suffix(mergedSuffix(rows, [left, target])))
        }
        var columnSuffix = Array(columns.suffix(mergedSuffix(columns, [right, target])))
        if !isMatrix(right, rows: columnSuffix, inner: depth) {
            right = dense(right, batch + columns + depth)
            columnSuffix = Array(columns.suffix(mergedSuffix(columns, [right, target])))
        }
        let loops = batch + rows.dropLast(rowSuffix.count) + columns.dropLast(columnSuffix.count)
        func matrix(_ view: LetteredView, _ outer: [Character], _ other: [Character])
            -> StridedProductKernel<Element>
            .Matrix
        {
            let starts = OuterAxes(extents: loops.map { extents[$0]! }, strides: loops.map { view.strides[$0] ?? 0 })
            let count = extents.count(other)
            let outerStride = view.stride(of: outer, extents, ofNone: 0)!
            let otherStride = view.stride(of: other, extents, ofNone: 1)!
            // One row, or rows whose elements lie side by side: as they are.
            let isStraight = count == 1 || otherStride == 1
            return .init(
                starts: starts, stride: isStraight ? (outer.isEmpty ? count : outerStride) : otherStride,
                isTransposed: !isStraight)
        }
        let leftMatrix = matrix(left, rowSuffix, depth)
        let rightMatrix = matrix(right, columnSuffix, depth)
        let kernel = StridedProductKernel<Element>(
            rows: extents.count(rowSuffix), columns: extents.count(columnSuffix), inner: extents.count(depth),
            left: leftMatrix,
            // Seen by columns, the right matrix is what its rows say it is not.
            right: .init(
                starts: rightMatrix.starts, stride: rightMatrix.stride, isTransposed: !rightMatrix.isTransposed),
            result: matrix(target, rowSuffix, columnSuffix))
        steps.append(
            ContractionKernel.Step(
                kernel: SpecializedKernel(kernel), inputs: [left.place, right.place], output: target.place))
        return target
    }

    /// Whether the letters of a row lie side by side and rows do not overlap: where products can be written.
    private func writesRows(_ target: LetteredView, _ columns: [Character]) -> Bool {
        let suffix = Array(columns.suffix(mergedSuffix(columns, [target])))
        return suffix.isEmpty || target.stride(of: suffix, extents, ofNone: 1) == 1
    }

    /// Whether a view is a matrix of these letters, or a transposed one, as a product reads it.
    private func isMatrix(_ view: LetteredView, rows: [Character], inner: [Character]) -> Bool {
        let (rowCount, innerCount) = (extents.count(rows), extents.count(inner))
        guard let rowStride = view.stride(of: rows, extents, ofNone: innerCount),
            let innerStride = view.stride(of: inner, extents, ofNone: 1)
        else { return false }
        return (innerStride == 1 && rowStride >= innerCount) || rows.isEmpty
            || (rowStride == 1 && innerStride >= rowCount)
    }
}
