internal import Graphs
internal import Tensors

/// Counts sequences in texts.
struct TermFrequencyKernel<Element: NumericElement & FixedWidthInteger>: Kernel {
    let attributes: TermFrequency
    let rows: Int
    let length: Int
    let entries: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [rows, length]
        let result = operands.output(0, as: Float.self)  // [rows, entries]
        context.parallel(rows) { row, _ in
            let (text, counts) = (source + row * length, result + row * entries)
            counts.update(repeating: 0, count: entries)
            for term in attributes.terms { counts[term.entry] += Float(count(of: term.items, in: text)) }
            guard attributes.weighting != .count else { return }
            for entry in 0..<entries {
                if attributes.weighting == .presence, counts[entry] > 0 { counts[entry] = 1 }
                if !attributes.weights.isEmpty { counts[entry] *= attributes.weights[entry] }
            }
        }
    }

    /// Single items are counted once, longer sequences for each number of items skipped.
    private func count(of items: [Int], in text: UnsafePointer<Element>) -> Int {
        var count = 0
        for step in 1...(items.count == 1 ? 1 : attributes.skipLimit + 1) {
            let (reach, overflow) = step.multipliedReportingOverflow(by: items.count - 1)
            guard !overflow, reach < length else { break }
            for start in 0..<(length - reach) {
                let isThere = items.indices.allSatisfy { Int(text[start + $0 * step]) == items[$0] }
                if isThere { count += 1 }
            }
        }
        return count
    }
}

extension TermFrequency {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let input = request.inputTypes[0]!
        let length = input.shape[input.shape.rank - 1]
        let rows = input.shape.rank == 2 ? input.shape[0] : 1
        if input.dtype == .int32 {
            return SpecializedKernel(
                TermFrequencyKernel<Int32>(attributes: self, rows: rows, length: length, entries: entryCount))
        }
        return SpecializedKernel(
            TermFrequencyKernel<Int64>(attributes: self, rows: rows, length: length, entries: entryCount))
    }
}
