internal import Tensors

/// Numbers from a job spec as elements of a tensor.
enum NumberConversion {
    /// Nil where a number has no such form: a fraction or one that is out of range, for integers.
    static func tensor(_ numbers: [Double], _ dtype: DType, _ shape: Shape) -> Tensor? {
        func integers<Element: TensorElement & FixedWidthInteger>(_: Element.Type) -> Tensor? {
            let elements = numbers.compactMap { Element(exactly: $0) }
            return elements.count == numbers.count ? Tensor(elements, shape: shape) : nil
        }
        switch dtype {
        case .float32: return Tensor(numbers.map(Float.init), shape: shape)
        case .float64: return Tensor(numbers, shape: shape)
        case .int8: return integers(Int8.self)
        case .int16: return integers(Int16.self)
        case .int32: return integers(Int32.self)
        case .int64: return integers(Int64.self)
        case .uint8: return integers(UInt8.self)
        case .uint16: return integers(UInt16.self)
        case .uint32: return integers(UInt32.self)
        case .uint64: return integers(UInt64.self)
        case .bool:
            guard numbers.allSatisfy({ $0 == 0 || $0 == 1 }) else { return nil }
            return Tensor(numbers.map { $0 == 1 }, shape: shape)
        case .float16: return bits(numbers.map { Float16($0).bitPattern }, dtype, shape)
        case .bfloat16:
            // Rounded to the nearest, ties to even.
            let patterns = numbers.map { number in
                let pattern = Float(number).bitPattern
                return UInt16(truncatingIfNeeded: (pattern &+ 0x7fff &+ (pattern >> 16 & 1)) >> 16)
            }
            return bits(patterns, dtype, shape)
        }
    }

    private static func bits(_ patterns: [UInt16], _ dtype: DType, _ shape: Shape) -> Tensor {
        let tensor = Tensor(uninitialized: dtype, shape: shape)
        tensor.assign(bitsOf: patterns)
        return tensor
    }
}
