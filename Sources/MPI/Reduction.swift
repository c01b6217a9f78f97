internal import CMPI
internal import Tensors

/// How the elements that the ranks hold at one place are combined into one.
public enum Reduction: String, Sendable, CaseIterable {
    case sum, minimum, maximum
}

/// The datatype and operation under which MPI reduces elements of one dtype.
struct ReductionCall: ~Copyable {
    let datatype: CMPIDatatype
    let operation: CMPIOp
    private let isOwned: Bool

    init(_ reduction: Reduction, of dtype: DType, site: CallSite) throws(MPIError) {
        if let reducer = ReductionCall.reducer(reduction, of: dtype) {
            var operation = cmpi_sum()
            try check(cmpi_op_create(reducer, &operation), site)
            self.operation = operation
            datatype = cmpi_uint16()
            isOwned = true
            return
        }
        if dtype == .bool && reduction == .sum {
            throw site.error(.misuse("booleans have no sum; their maximum is `or`, their minimum is `and`"))
        }
        operation =
            switch reduction {
            case .sum: cmpi_sum()
            case .minimum: cmpi_min()
            case .maximum: cmpi_max()
            }
        datatype =
            switch dtype {
            case .float32: cmpi_float()
            case .float64: cmpi_double()
            case .int8: cmpi_int8()
            case .int16: cmpi_int16()
            case .int32: cmpi_int32()
            case .int64: cmpi_int64()
            case .uint8, .bool: cmpi_uint8()
            case .uint16, .float16, .bfloat16: cmpi_uint16()
            case .uint32: cmpi_uint32()
            case .uint64: cmpi_uint64()
            }
        isOwned = false
    }

    deinit {
        // A reduction that has begun with it continues: MPI keeps the operation until it is complete.
        guard isOwned else { return }
        var operation = operation
        _ = cmpi_op_free(&operation)
    }

    /// MPI 3 has no 16-bit floating point. These compute each pair in float32 and round to the nearest 16-bit number.
    private static func reducer(_ reduction: Reduction, of dtype: DType) -> CMPIReducer? {
        switch (dtype, reduction) {
        case (.bfloat16, .sum): return { from, into, count, _ in reduce(from, into, count, BrainFloat.self, +) }
        case (.bfloat16, .minimum): return { from, into, count, _ in reduce(from, into, count, BrainFloat.self, min) }
        case (.bfloat16, .maximum): return { from, into, count, _ in reduce(from, into, count, BrainFloat.self, max) }
        case (.float16, .sum): return { from, into, count, _ in reduce(from, into, count, HalfFloat.self, +) }
        case (.float16, .minimum): return { from, into, count, _ in reduce(from, into, count, HalfFloat.self, min) }
        case (.float16, .maximum): return { from, into, count, _ in reduce(from, into, count, HalfFloat.self, max) }
        default: return nil
        }
    }
}

@inline(__always)
private func reduce<Format: NarrowFormat>(
    _ from: UnsafeMutableRawPointer?, _ into: UnsafeMutableRawPointer?, _ count: UnsafeMutablePointer<Int32>?,
    _ format: Format.Type, _ combine: (Float, Float) -> Float
) {
    guard let from, let into, let count else { return }
    let values = from.assumingMemoryBound(to: UInt16.self)  // [count]
    let results = into.assumingMemoryBound(to: UInt16.self)  // [count]
    for index in 0..<Int(count.pointee) {
        results[index] = Format.narrow(combine(Format.widen(values[index]), Format.widen(results[index])))
    }
}

/// The conversion from a 16-bit floating-point format to float32 and back.
private protocol NarrowFormat {
    static func widen(_ bits: UInt16) -> Float
    static func narrow(_ value: Float) -> UInt16
}

private enum BrainFloat: NarrowFormat {
    static func widen(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    static func narrow(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // A NaN stays one: rounding could turn it into infinity.
        if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)  // to nearest, ties to even
    }
}

private enum HalfFloat: NarrowFormat {
    static func widen(_ bits: UInt16) -> Float { Float(Float16(bitPattern: bits)) }
    static func narrow(_ value: Float) -> UInt16 { Float16(value).bitPattern }
}
