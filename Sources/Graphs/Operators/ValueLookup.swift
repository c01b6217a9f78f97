public import Tensors

/// Each number replaced by its value in a table, and by the last of `values` where it is not a key. NaN is a key like
/// others.
public struct ValueLookup: OperatorAttributes {
    public enum Numbers: Hashable, Codable, Sendable {
        case integers([Int64])
        case floats([Float])

        public var count: Int {
            switch self {
            case .integers(let numbers): numbers.count
            case .floats(let numbers): numbers.count
            }
        }

        public var dtype: DType {
            switch self {
            case .integers: .int64
            case .floats: .float32
            }
        }
    }

    public var keys: Numbers
    /// One for each key, and one after them for numbers that are not keys.
    public var values: Numbers

    public init(keys: Numbers, values: Numbers) {
        self.keys = keys
        self.values = values
    }

    public var operatorName: String { "LabelEncoder" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.dtype == keys.dtype else { throw .mismatch("the keys are \(keys.dtype), not \(input.dtype)") }
        guard values.count == keys.count + 1 else {
            throw .mismatch("\(values.count) values for \(keys.count) keys and the rest")
        }
        return [TensorType(values.dtype, input.shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 20, bytes: Cost.traffic(operands, outputs))
    }
}
