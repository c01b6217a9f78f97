public import Tensors

/// Folds some axes into one element each. Operand 1, where present, holds the axes; no axes means all of them, or, with
/// `keepsAllWithoutAxes`, none of them.
public struct Reduction: OperatorAttributes {
    public enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case sum = "ReduceSum"
        case mean = "ReduceMean"
        case maximum = "ReduceMax"
        case minimum = "ReduceMin"
        case product = "ReduceProd"
        case l1 = "ReduceL1"
        case l2 = "ReduceL2"
        case sumOfSquares = "ReduceSumSquare"
        case logOfSum = "ReduceLogSum"
        case logOfSumOfExponentials = "ReduceLogSumExp"
        /// The index of the first (or last) extreme along the one axis, int64.
        case indexOfMaximum = "ArgMax"
        case indexOfMinimum = "ArgMin"
    }

    public var kind: Kind
    public var keepsDimensions: Bool
    public var keepsAllWithoutAxes: Bool
    /// For the index kinds: the last of equal extremes.
    public var selectsLast: Bool

    public init(kind: Kind, keepsDimensions: Bool = true, keepsAllWithoutAxes: Bool = false, selectsLast: Bool = false)
    {
        self.kind = kind
        self.keepsDimensions = keepsDimensions
        self.keepsAllWithoutAxes = keepsAllWithoutAxes
        self.selectsLast = selectsLast
    }

    public var operatorName: String { kind.rawValue }

    /// The axes to fold, ascending, each once.
    public func foldedAxes(of operands: Operands) throws(InferenceError) -> [Int] {
        let rank = try operands.shape(0).rank
        var listed: Set<Int> = []
        if operands.has(1) {
            for axis in try operands.integers(1) { listed.insert(try normalizedAxis(axis, rank: rank)) }
        }
        if listed.isEmpty { return keepsAllWithoutAxes ? [] : Array(0..<rank) }
        return listed.sorted()
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let folded = try foldedAxes(of: operands)
        var dimensions: [Int] = []
        for axis in 0..<input.shape.rank {
            if !folded.contains(axis) {
                dimensions.append(input.shape[axis])
            } else if keepsDimensions {
                dimensions.append(1)
            }
        }
        let isIndex = kind == .indexOfMaximum || kind == .indexOfMinimum
        return [TensorType(isIndex ? .int64 : input.dtype, Shape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let rank = try operands.shape(0).rank
        let folded = Set(try foldedAxes(of: operands))
        var place = 0
        let relations = (0..<rank).map { axis -> AxisRelation in
            defer { if keepsDimensions || !folded.contains(axis) { place += 1 } }
            return folded.contains(axis) ? .reduced : .pointwise(place)
        }
        return AxisRelations(operands, [relations])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(operands[0]!.shape.elementCount), bytes: Cost.traffic(operands, outputs))
    }
}
