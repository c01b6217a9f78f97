public import Tensors

/// Random numbers that are a function of a key, of the number of the item and of the place in the item: the same on any
/// number of ranks and threads and at any microbatch size, and in every run.
///
/// Operands: none where `shape` gives the result's shape; otherwise one of the result's shape. A normal or uniform draw
/// reads none of its elements; for a Bernoulli draw they are the probabilities of true. A multinomial draw takes
/// [rows, classes] logarithms of probabilities, up to a constant, and makes [rows, samples] numbers of classes.
public struct RandomDraw: OperatorAttributes {
    public enum Distribution: Hashable, Codable, Sendable {
        case normal(mean: Float, deviation: Float)
        /// From `low` on, below `high`.
        case uniform(low: Float, high: Float)
        case bernoulli
        case multinomial(samples: Int)
    }

    public var distribution: Distribution
    /// The key of the generator, computed from the seed and the name of the node.
    public var key: UInt64
    /// The shape of a result that does not have an operand's shape.
    public var shape: [Int]?
    /// Of normal and uniform draws: float32 or float64.
    public var dtype: DType
    /// Whether each item has numbers of its own. Otherwise the draw is a constant of the model.
    public var isPerItem: Bool

    public init(
        _ distribution: Distribution, key: UInt64, shape: [Int]? = nil, dtype: DType = .float32,
        isPerItem: Bool = false
    ) {
        self.distribution = distribution
        self.key = key
        self.shape = shape
        self.dtype = dtype
        self.isPerItem = isPerItem
    }

    /// The key for a node: FNV-1a (Fowler, Noll, Vo) over the bits of the seed and the bytes of the name. Without a seed
    /// it is that of the seed 0, so that runs repeat.
    public static func key(seed: Float?, node: String) -> UInt64 {
        var hash = Fingerprint()
        let bits = (seed ?? 0).bitPattern
        hash.add(stride(from: 0, to: 32, by: 8).lazy.map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) })
        hash.add(node.utf8)
        return hash.value
    }

    public var operatorName: String {
        switch distribution {
        case .normal: shape == nil ? "RandomNormalLike" : "RandomNormal"
        case .uniform: shape == nil ? "RandomUniformLike" : "RandomUniform"
        case .bernoulli: "Bernoulli"
        case .multinomial: "Multinomial"
        }
    }

    public var hangsOnItem: Bool { isPerItem }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        switch distribution {
        case .normal, .uniform:
            guard let shape else { return [TensorType(dtype, try operands.shape(0))] }
            return [TensorType(dtype, try checkedShape(shape))]
        case .bernoulli:
            let type = try operands.type(0)
            guard type.dtype.isFloatingPoint else { throw .mismatch("probabilities are numbers, not \(type.dtype)") }
            return [TensorType(.bool, type.shape)]
        case .multinomial(let samples):
            let type = try operands.type(0)
            guard type.dtype.isFloatingPoint, type.shape.rank == 2, type.shape[1] > 0 else {
                throw .mismatch("logarithms of probabilities must be [rows, classes] in floating point, not \(type)")
            }
            return [TensorType(.int64, try checkedShape([type.shape[0], samples]))]
        }
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        if case .multinomial = distribution { return AxisRelations(operands, [[.pointwise(0), .reduced]]) }
        // A draw that reads no element of its operand still has its axes, place by place.
        return .elementwise(operands, outputs: outputs)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        // About the cost of the generator, a logarithm and a cosine.
        Cost(flops: Double(outputs[0].shape.elementCount) * 60, bytes: Cost.traffic([], outputs))
    }
}

extension Graph {
    /// Gives each item its own random numbers where a draw depends on an input, even if only on its shape. Draws that
    /// no input reaches stay constants of the model.
    public mutating func drawPerItem() {
        for (index, isConstant) in loadTimeNodes().enumerated() where !isConstant {
            guard case .randomDraw(var draw) = nodes[index].operation else { continue }
            draw.isPerItem = true
            nodes[index].operation = .randomDraw(draw)
        }
    }
}
