internal import Graphs

extension ONNXOperator {
    /// Text as numbers.
    static let terms: [String: ONNXOperator] = [
        "TfIdfVectorizer": ONNXOperator([9], inputs: 1) { node, assembly throws(ConversionError) in
            try termFrequency(node, &assembly)
        }
    ]

    private static func termFrequency(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        guard !node.has("pool_strings") else { throw .inexpressible("of strings") }
        guard let pool = try node.ints("pool_int64s"), let starts = try node.ints("ngram_counts"),
            let entries = try node.ints("ngram_indexes")
        else { throw .malformed("pool_int64s, ngram_counts and ngram_indexes are needed") }
        let lengths =
            try node.requiredInt(
                "min_gram_length")...max(
                try node.requiredInt("min_gram_length"), try node.requiredInt("max_gram_length"))
        var terms: [TermFrequency.Term] = []
        var number = 0
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : pool.count
            guard start >= 0, start <= end, end <= pool.count, (end - start) % (index + 1) == 0 else {
                throw .malformed("ngram_counts \(starts) do not cut \(pool.count) numbers into sequences")
            }
            for first in stride(from: start, to: end, by: index + 1) {
                guard number < entries.count, 0..<1 << 30 ~= entries[number] else {
                    throw .malformed("ngram_indexes has no place for sequence \(number)")
                }
                if lengths.contains(index + 1) {
                    terms.append(.init(items: Array(pool[first...first + index]), entry: entries[number]))
                }
                number += 1
            }
        }
        let skips = try node.requiredInt("max_skip_count")
        guard skips >= 0 else { throw .malformed("max_skip_count is \(skips)") }
        let attributes = TermFrequency(
            // Entries of sequences that are too short or too long are there, and stay 0.
            terms: terms, entryCount: (entries.max() ?? -1) + 1, weighting: try node.word("mode", default: .count),
            weights: try node.floats("weights") ?? [],
            skipLimit: skips)
        assembly.finish(node, .termFrequency(attributes), node.inputs)
    }
}
