public import Tensors

/// How often given sequences of numbers occur in a text [length] or [batch, length] of int32 or int64; result float32
/// [..., entries].
public struct TermFrequency: OperatorAttributes {
    public enum Weighting: String, Hashable, Codable, Sendable {
        case count = "TF"
        /// 1, or the weight, where the sequence occurs at all.
        case presence = "IDF"
        /// The count times the weight.
        case weightedCount = "TFIDF"
    }

    /// A sequence of the list, and the entry of the result that counts it.
    public struct Term: Hashable, Codable, Sendable {
        public let items: [Int]
        public let entry: Int

        public init(items: [Int], entry: Int) {
            self.items = items
            self.entry = entry
        }
    }

    public var terms: [Term]
    /// How many entries the result has for each text.
    public var entryCount: Int
    public var weighting: Weighting
    /// By entry of the result; ones when empty.
    public var weights: [Float]
    /// How many items of the text may be skipped between two items of a sequence.
    public var skipLimit: Int

    public init(terms: [Term], entryCount: Int, weighting: Weighting, weights: [Float], skipLimit: Int) {
        self.terms = terms
        self.entryCount = entryCount
        self.weighting = weighting
        self.weights = weights
        self.skipLimit = skipLimit
    }

    public var operatorName: String { "TfIdfVectorizer" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.dtype == .int32 || input.dtype == .int64, input.shape.rank == 1 || input.shape.rank == 2 else {
            throw .mismatch("int32 or int64 of 1 or 2 axes is needed, not \(input)")
        }
        guard weights.isEmpty || weights.count >= entryCount else {
            throw .mismatch("\(weights.count) weights for \(entryCount) entries")
        }
        return [TensorType(.float32, try checkedShape(Array(input.shape.dimensions.dropLast()) + [entryCount]))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [try operands.shape(0).rank == 1 ? [.reduced] : [.pointwise(0), .reduced]])
    }
}
