internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension Float: NumericElement {
    typealias Sum = Double
    // Not through float64, which would round 64-bit integers twice.
    @inline(__always) init<Source: NumericElement>(casting source: Source) { self = source.float }
    static func power(_ x: Float, _ y: Float) -> Float { powf(x, y) }
}

extension Double: NumericElement {
    typealias Sum = Double
    @inline(__always) init<Source: NumericElement>(casting source: Source) { self = source.double }
    static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
}

extension Int8: NumericElement {}
extension Int16: NumericElement {}
extension Int32: NumericElement {}
extension Int64: NumericElement {}
extension UInt8: NumericElement {}
extension UInt16: NumericElement {}
extension UInt32: NumericElement {}
extension UInt64: NumericElement {}

/// A computation that is written once for all element types.
protocol ElementVisitor {
    associatedtype Result
    func visit<Element: NumericElement>(_ type: Element.Type) throws -> Result
}

extension DType {
    /// Calls the visitor with the element type that stores this dtype, bool as the bytes 0 and 1. Every case names its
    /// type, so that the optimiser makes one specialised copy for each.
    ///
    /// - Throws: `KernelError` for half precision, which nothing computes in.
    @inline(__always)
    func accept<Visitor: ElementVisitor>(_ visitor: Visitor) throws -> Visitor.Result {
        switch self {
        case .float32: try visitor.visit(Float.self)
        case .float64: try visitor.visit(Double.self)
        case .int8: try visitor.visit(Int8.self)
        case .int16: try visitor.visit(Int16.self)
        case .int32: try visitor.visit(Int32.self)
        case .int64: try visitor.visit(Int64.self)
        case .uint8, .bool: try visitor.visit(UInt8.self)
        case .uint16: try visitor.visit(UInt16.self)
        case .uint32: try visitor.visit(UInt32.self)
        case .uint64: try visitor.visit(UInt64.self)
        case .float16, .bfloat16: throw KernelError("no kernel computes in \(self)")
        }
    }
}

/// A computation on floating-point numbers, written once for float32 and float64.
protocol FloatingPointVisitor {
    associatedtype Result
    func visit<Element: NumericElement & BinaryFloatingPoint>(_ type: Element.Type) throws -> Result
}

extension DType {
    /// - Throws: `KernelError` for everything but float32 and float64.
    @inline(__always)
    func acceptFloatingPoint<Visitor: FloatingPointVisitor>(_ visitor: Visitor, for name: String) throws
        -> Visitor.Result
    {
        switch self {
        case .float32: try visitor.visit(Float.self)
        case .float64: try visitor.visit(Double.self)
        default: throw KernelError("\(name) takes floating-point numbers, not \(self)")
        }
    }
}
