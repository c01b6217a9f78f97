public import Tensors

/// Scaled dot-product attention: softmax(scale * Q * K^T + mask) * V for each head; several query heads may share one
/// head of keys and values.
///
/// Operands: Q, K, V, and, each optional: a mask (bool: true takes part; or numbers that are added) that broadcasts to
/// [batch, heads, queries, keys] and may be shorter than the keys, past keys and past values
/// [batch, heads, past, headDim], which come before K and V, and how many keys of each batch entry are valid (int64
/// [batch]). Results: Y, all keys, all values (both heads first), and the scores [batch, heads, queries, keys].
public struct Attention: OperatorAttributes {
    /// The order of the four axes of an operand.
    public enum Layout: String, Hashable, Codable, Sendable {
        /// [batch, heads, sequence, headDim]
        case headsFirst
        /// [batch, sequence, heads, headDim], as a linear layer leaves them
        case sequenceFirst
    }

    /// What the result "scores" holds.
    public enum Scores: Int, Hashable, Codable, Sendable {
        case products
        case capped
        case masked
        case probabilities
    }

    /// Heads of operands of rank 3, [batch, sequence, heads * headDim].
    public var queryHeads: Int?
    public var keyHeads: Int?
    /// nil for 1 / sqrt(headDim).
    public var scale: Float?
    /// Where not 0, scores become softcap * tanh(score / softcap) before they are masked.
    public var softcap: Float
    /// Whether a query sees only keys up to its own position, which is counted from the start of the past.
    public var isCausal: Bool
    /// How many positions before and after its own a query sees; nil for all.
    public var leftWindow: Int?
    public var rightWindow: Int?
    public var scores: Scores
    /// The dtype that the soft maximum is computed in, where it differs from the operands'.
    public var softmaxDType: DType?
    /// Of operands of rank 4.
    public var queryLayout = Layout.headsFirst
    public var keyLayout = Layout.headsFirst
    public var valueLayout = Layout.headsFirst
    public var outputLayout = Layout.headsFirst
    /// Whether a query that sees no key gets zeros, and not the NaN of 0 / 0.
    public var zeroesEmptyRows: Bool

    public init(
        queryHeads: Int? = nil, keyHeads: Int? = nil, scale: Float? = nil, softcap: Float = 0, isCausal: Bool = false,
        leftWindow: Int? = nil, rightWindow: Int? = nil, scores: Scores = .products, softmaxDType: DType? = nil,
        zeroesEmptyRows: Bool = true
    ) {
        self.queryHeads = queryHeads
        self.keyHeads = keyHeads
        self.scale = scale
        self.softcap = softcap
        self.isCausal = isCausal
        self.leftWindow = leftWindow
        self.rightWindow = rightWindow
        self.scores = scores
        self.softmaxDType = softmaxDType
        self.zeroesEmptyRows = zeroesEmptyRows
    }

    public var operatorName: String { "Attention" }
    public var alwaysMakesFirst: Bool { true }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let extents = try extents(of: operands)
        let dtype = try operands.type(0).dtype
        let present = { (depth: Int) throws(InferenceError) in
            try checkedShape([extents.batch, extents.keyHeads, extents.keys, depth])
        }
        let scores = try checkedShape([extents.batch, extents.queryHeads, extents.queries, extents.keys])
        return [
            TensorType(dtype, try outputShape(extents, rank: operands.shape(0).rank)),
            TensorType(try operands.type(1).dtype, try present(extents.headDim)),
            TensorType(try operands.type(2).dtype, try present(extents.valueDim)), TensorType(dtype, scores),
        ]
    }

    private func outputShape(_ extents: Extents, rank: Int) throws(InferenceError) -> Shape {
        guard rank == 4 else {
            return try checkedShape(
                [extents.batch, extents.queries, try product(extents.queryHeads, extents.valueDim)])
        }
        switch outputLayout {
        case .headsFirst:
            return try checkedShape([extents.batch, extents.queryHeads, extents.queries, extents.valueDim])
        case .sequenceFirst:
            return try checkedShape([extents.batch, extents.queries, extents.queryHeads, extents.valueDim])
        }
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        // Never nil: `outputTypes` has refused operands that do not fit, and needs none of their elements either.
        guard let extents = try? extents(of: Operands(operands.map { $0.map { .init(type: $0) } })) else {
            return Cost(flops: 0, bytes: Cost.traffic(operands, outputs))
        }
        let scores = Double(extents.batch * extents.queryHeads) * Double(extents.queries) * Double(extents.keys)
        // The two products, and about ten operations for the soft maximum.
        let flops = scores * Double(2 * extents.headDim + 2 * extents.valueDim + 10)
        return Cost(flops: flops, bytes: Cost.traffic(operands, [outputs[0]]))
    }
}
