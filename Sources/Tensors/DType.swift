/// The element type of a tensor, in the names that NumPy and ONNX users know.
public enum DType: String, Codable, Sendable, CaseIterable {
    case float32, float64, float16, bfloat16
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case bool

    /// Bytes per element.
    public var byteCount: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .float64, .float16, .bfloat16: true
        default: false
        }
    }

    /// Whether arithmetic is done in float32, and each node's result rounded.
    public var isHalfPrecision: Bool { self == .float16 || self == .bfloat16 }

    public var isInteger: Bool { !isFloatingPoint && self != .bool }

    public var isSigned: Bool {
        switch self {
        case .uint8, .uint16, .uint32, .uint64, .bool: false
        default: true
        }
    }
}
