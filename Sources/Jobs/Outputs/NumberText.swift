internal import Tensors

/// Prints the elements of tensors: the shortest decimals that read back to the same value.
enum NumberText {
    case json, csv

    /// In row-major order.
    func texts(of tensor: Tensor) -> [String] {
        switch tensor.dtype {
        case .float32: tensor.elements(of: Float.self).map(text)
        case .float64: tensor.elements(of: Double.self).map(text)
        case .float16: NumberText.bits(tensor).map { text(Float16(bitPattern: $0)) }
        case .bfloat16: NumberText.bits(tensor).map { text(Float(bitPattern: UInt32($0) << 16)) }
        case .int8: tensor.elements(of: Int8.self).map(\.description)
        case .int16: tensor.elements(of: Int16.self).map(\.description)
        case .int32: tensor.elements(of: Int32.self).map(\.description)
        case .int64: tensor.elements(of: Int64.self).map(\.description)
        case .uint8: tensor.elements(of: UInt8.self).map(\.description)
        case .uint16: tensor.elements(of: UInt16.self).map(\.description)
        case .uint32: tensor.elements(of: UInt32.self).map(\.description)
        case .uint64: tensor.elements(of: UInt64.self).map(\.description)
        case .bool:
            NumberText.bytes(tensor).map { self == .json ? ($0 == 0 ? "false" : "true") : ($0 == 0 ? "0" : "1") }
        }
    }

    /// For putting classes in order.
    static func values(of tensor: Tensor) -> [Double] {
        switch tensor.dtype {
        case .float32: tensor.elements(of: Float.self).map(Double.init)
        case .float64: tensor.elements(of: Double.self)
        case .float16: bits(tensor).map { Double(Float16(bitPattern: $0)) }
        case .bfloat16: bits(tensor).map { Double(Float(bitPattern: UInt32($0) << 16)) }
        case .int8: tensor.elements(of: Int8.self).map(Double.init)
        case .int16: tensor.elements(of: Int16.self).map(Double.init)
        case .int32: tensor.elements(of: Int32.self).map(Double.init)
        case .int64: tensor.elements(of: Int64.self).map(Double.init)
        case .uint8: tensor.elements(of: UInt8.self).map(Double.init)
        case .uint16: tensor.elements(of: UInt16.self).map(Double.init)
        case .uint32: tensor.elements(of: UInt32.self).map(Double.init)
        case .uint64: tensor.elements(of: UInt64.self).map(Double.init)
        case .bool: bytes(tensor).map { Double($0) }
        }
    }

    private func text<Number: BinaryFloatingPoint & CustomStringConvertible>(_ value: Number) -> String {
        if value.isFinite { return value.description }
        switch self {
        case .json: return value.isNaN ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\""
        case .csv: return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf"
        }
    }

    private static func bits(_ tensor: Tensor) -> [UInt16] {
        tensor.withBytes { Array($0.bindMemory(to: UInt16.self)) }
    }

    private static func bytes(_ tensor: Tensor) -> [UInt8] { tensor.withBytes { Array($0) } }
}
