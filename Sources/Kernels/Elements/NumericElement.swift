internal import Tensors

/// A number that kernels compute with as it is stored. Half precision is not among them: it is widened to float32
/// before and narrowed after (`WidenedKernel`).
///
/// Arithmetic never traps: integers wrap, and dividing one by zero gives zero.
protocol NumericElement: BitwiseCopyable, Sendable, Comparable {
    /// What sums are kept in: float64 for floating point, so that long sums lose nothing; integers wrap in themselves.
    associatedtype Sum: NumericElement

    static var zero: Self { get }
    static var one: Self { get }
    static var lowest: Self { get }
    static var highest: Self { get }

    init(sum: Sum)
    /// Saturates; NaN becomes zero in integers.
    init(converting value: Double)
    /// As NumPy casts: integers keep their low bits, floats saturate in integers.
    init<Source: NumericElement>(casting source: Source)
    /// The low bits in integers.
    init(truncating value: Int64)
    var sum: Sum { get }
    var double: Double { get }
    var float: Float { get }
    /// All bits of an integer, or the nearest integer of a float.
    var bits: Int64 { get }
    static var isInteger: Bool { get }

    static func plus(_ x: Self, _ y: Self) -> Self
    static func minus(_ x: Self, _ y: Self) -> Self
    static func times(_ x: Self, _ y: Self) -> Self
    /// Integers truncate towards zero.
    static func quotient(_ x: Self, _ y: Self) -> Self
    /// The remainder with the divisor's sign.
    static func modulo(_ x: Self, _ y: Self) -> Self
    /// The remainder with the dividend's sign.
    static func remainder(_ x: Self, _ y: Self) -> Self
    static func power(_ x: Self, _ y: Self) -> Self
    /// NaN where either is NaN.
    static func smaller(_ x: Self, _ y: Self) -> Self
    static func larger(_ x: Self, _ y: Self) -> Self
    static func magnitude(_ x: Self) -> Self
}

extension NumericElement where Self: FixedWidthInteger {
    static var one: Self { 1 }
    static var lowest: Self { .min }
    static var highest: Self { .max }

    @inline(__always) init(sum: Self) { self = sum }
    @inline(__always) init(converting value: Double) { self = value.isNaN ? 0 : Self(saturating: value) }
    @inline(__always) init<Source: NumericElement>(casting source: Source) {
        self = Source.isInteger ? Self(truncatingIfNeeded: source.bits) : Self(converting: source.double)
    }
    @inline(__always) init(truncating value: Int64) { self = Self(truncatingIfNeeded: value) }
    @inline(__always) var sum: Self { self }
    @inline(__always) var double: Double { Double(self) }
    @inline(__always) var float: Float { Float(self) }
    @inline(__always) var bits: Int64 { Int64(truncatingIfNeeded: self) }
    static var isInteger: Bool { true }

    @inline(__always) static func plus(_ x: Self, _ y: Self) -> Self { x &+ y }
    @inline(__always) static func minus(_ x: Self, _ y: Self) -> Self { x &- y }
    @inline(__always) static func times(_ x: Self, _ y: Self) -> Self { x &* y }
    @inline(__always) static func quotient(_ x: Self, _ y: Self) -> Self {
        y == 0 ? 0 : x.dividedReportingOverflow(by: y).partialValue
    }
    @inline(__always) static func remainder(_ x: Self, _ y: Self) -> Self {
        y == 0 ? 0 : x.remainderReportingOverflow(dividingBy: y).partialValue
    }
    @inline(__always) static func modulo(_ x: Self, _ y: Self) -> Self {
        let rest = remainder(x, y)
        return rest != 0 && (rest < 0) != (y < 0) ? rest &+ y : rest
    }
    static func power(_ x: Self, _ y: Self) -> Self {
        if y < 0 {
            // 1 / x^|y| in integers: 0 for all x but 1 and -1.
            if x == 1 { return 1 }
            return Self.isSigned && x == 0 &- 1 ? (y & 1 == 0 ? 1 : x) : 0
        }
        var result: Self = 1
        var base = x
        var exponent = y
        while exponent > 0 {
            if exponent & 1 == 1 { result = result &* base }
            base = base &* base
            exponent >>= 1
        }
        return result
    }
    @inline(__always) static func smaller(_ x: Self, _ y: Self) -> Self { x < y ? x : y }
    @inline(__always) static func larger(_ x: Self, _ y: Self) -> Self { x > y ? x : y }
    @inline(__always) static func magnitude(_ x: Self) -> Self { x < 0 ? 0 &- x : x }

    /// - Precondition: not NaN.
    @inline(__always) init(saturating value: Double) {
        // Both limits are powers of two (or one below), so the comparisons are exact.
        if value >= Double(Self.max) {
            self = .max
        } else if value <= Double(Self.min) {
            self = .min
        } else {
            self = Self(value)
        }
    }
}

extension NumericElement where Self: BinaryFloatingPoint {
    static var one: Self { 1 }
    static var lowest: Self { -.infinity }
    static var highest: Self { .infinity }

    @inline(__always) init(sum: Double) { self = Self(sum) }
    @inline(__always) init(converting value: Double) { self = Self(value) }
    @inline(__always) init(truncating value: Int64) { self = Self(value) }
    @inline(__always) var sum: Double { Double(self) }
    @inline(__always) var double: Double { Double(self) }
    @inline(__always) var float: Float { Float(self) }
    @inline(__always) var bits: Int64 { Int64(converting: Double(self)) }
    static var isInteger: Bool { false }

    @inline(__always) static func plus(_ x: Self, _ y: Self) -> Self { x + y }
    @inline(__always) static func minus(_ x: Self, _ y: Self) -> Self { x - y }
    @inline(__always) static func times(_ x: Self, _ y: Self) -> Self { x * y }
    @inline(__always) static func quotient(_ x: Self, _ y: Self) -> Self { x / y }
    static func remainder(_ x: Self, _ y: Self) -> Self { x.truncatingRemainder(dividingBy: y) }
    static func modulo(_ x: Self, _ y: Self) -> Self {
        let rest = x.truncatingRemainder(dividingBy: y)
        return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
    }
    @inline(__always) static func smaller(_ x: Self, _ y: Self) -> Self {
        // Two selections and no branch, so that loops become vectors.
        let choice = x < y ? x : y
        return x != x ? x : choice
    }
    @inline(__always) static func larger(_ x: Self, _ y: Self) -> Self {
        let choice = x > y ? x : y
        return x != x ? x : choice
    }
    @inline(__always) static func magnitude(_ x: Self) -> Self { x.magnitude }
}
