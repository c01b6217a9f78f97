public import Tensors

/// Formats of 8 bits and fewer that `DType` does not have: how a file packs the numbers, and which dtype holds them in
/// memory.
///
/// Names and values are those of the ONNX standard ("Float stored in 8 bits", "4 bit integer types" and similar pages
/// of its documentation). Of two or four numbers in a byte the first is in the lowest bits.
public enum NarrowFormat: String, Hashable, Codable, Sendable, CaseIterable {
    case uint2, int2, uint4, int4
    case float4e2m1
    case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz
    /// Powers of two.
    case float8e8m0

    /// Bits of a number.
    public var bits: Int {
        switch self {
        case .uint2, .int2: 2
        case .uint4, .int4, .float4e2m1: 4
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
        }
    }

    /// A dtype that can represent all of its numbers.
    public var held: DType {
        switch self {
        case .uint2, .uint4: .uint8
        case .int2, .int4: .int8
        case .float4e2m1, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: .float32
        }
    }

    public var isInteger: Bool { held != .float32 }

    /// The bytes that this many numbers take.
    public func byteCount(of count: Int) -> Int { (count * bits + 7) / 8 }

    /// The number that the lowest bits of `code` represent.
    public func number(_ code: UInt8) -> Float {
        switch self {
        case .uint2: Float(code & 3)
        case .uint4: Float(code & 15)
        case .int2: Float(Int8(bitPattern: code << 6) >> 6)
        case .int4: Float(Int8(bitPattern: code << 4) >> 4)
        case .float8e8m0: code == 255 ? .nan : Float(sign: .plus, exponent: Int(code) - 127, significand: 1)
        case .float4e2m1, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: floatingPoint(code)
        }
    }

    /// Of the floating-point formats with a sign.
    private struct Layout {
        let exponentBits: Int
        let mantissaBits: Int
        let bias: Int
        let largest: Float
    }

    private var layout: Layout {
        switch self {
        case .float4e2m1: Layout(exponentBits: 2, mantissaBits: 1, bias: 1, largest: 6)
        case .float8e4m3fn: Layout(exponentBits: 4, mantissaBits: 3, bias: 7, largest: 448)
        case .float8e4m3fnuz: Layout(exponentBits: 4, mantissaBits: 3, bias: 8, largest: 240)
        case .float8e5m2: Layout(exponentBits: 5, mantissaBits: 2, bias: 15, largest: 57_344)
        case .float8e5m2fnuz: Layout(exponentBits: 5, mantissaBits: 2, bias: 16, largest: 57_344)
        case .uint2, .int2, .uint4, .int4, .float8e8m0: preconditionFailure("\(self) has no sign and mantissa")
        }
    }

    private func floatingPoint(_ code: UInt8) -> Float {
        let layout = layout
        let mantissa = Int(code) & (1 << layout.mantissaBits - 1)
        let exponent = Int(code) >> layout.mantissaBits & (1 << layout.exponentBits - 1)
        let isNegative = Int(code) >> (layout.mantissaBits + layout.exponentBits) & 1 == 1
        switch self {
        case .float8e4m3fn where code & 0x7F == 0x7F: return .nan
        case .float8e4m3fnuz where code == 0x80: return .nan
        case .float8e5m2fnuz where code == 0x80: return .nan
        case .float8e5m2 where exponent == 31:
            return mantissa == 0 ? (isNegative ? -.infinity : .infinity) : .nan
        default: break
        }
        let fraction = Float(mantissa) / Float(1 << layout.mantissaBits)
        let size =
            exponent == 0
            ? Float(sign: .plus, exponent: 1 - layout.bias, significand: fraction)
            : Float(sign: .plus, exponent: exponent - layout.bias, significand: 1 + fraction)
        return isNegative ? -size : size
    }

    /// The nearest number of the format; half-way cases go to the even one. Of the floating-point formats, only those
    /// of 8 bits with a sign can be rounded to.
    ///
    /// - Parameter saturates: whether what is too large becomes the largest number, and not infinity or NaN. Integers
    ///   always do.
    public func rounded(_ number: Float, saturates: Bool) -> Float {
        switch self {
        case .uint2: return min(max(number.rounded(.toNearestOrEven), 0), 3)
        case .uint4: return min(max(number.rounded(.toNearestOrEven), 0), 15)
        case .int2: return min(max(number.rounded(.toNearestOrEven), -2), 1)
        case .int4: return min(max(number.rounded(.toNearestOrEven), -8), 7)
        case .float4e2m1, .float8e8m0: preconditionFailure("nothing is rounded to \(self)")
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: break
        }
        guard !number.isNaN else { return number }
        let layout = layout
        var result = number
        if number.isFinite, number != 0 {
            // The distance between neighbouring numbers of the format at this number.
            let exponent = max(Int(number.exponent), 1 - layout.bias) - layout.mantissaBits
            let step = Float(sign: .plus, exponent: exponent, significand: 1)
            result = (number / step).rounded(.toNearestOrEven) * step
        }
        if result.magnitude > layout.largest {
            guard !saturates else { return result < 0 ? -layout.largest : layout.largest }
            guard self == .float8e5m2 else { return .nan }
            return result < 0 ? -.infinity : .infinity
        }
        // These formats have only one zero.
        if self == .float8e4m3fnuz || self == .float8e5m2fnuz, result == 0 { return 0 }
        return result
    }

    /// Whether `rounded` may be called.
    public var canBeRoundedTo: Bool { self != .float4e2m1 && self != .float8e8m0 }
}
