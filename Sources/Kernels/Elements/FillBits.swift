internal import Tensors

/// The bytes of one element.
struct FillBits: Sendable {
    /// In the first bytes, as in memory.
    var bits: UInt64 = 0

    static let zero = FillBits()
    private init() {}

    init(_ value: Double, _ dtype: DType) throws {
        struct Visitor: ElementVisitor {
            let value: Double
            func visit<Element: NumericElement>(_: Element.Type) throws -> UInt64 {
                var bits: UInt64 = 0
                withUnsafeMutableBytes(of: &bits) { $0.storeBytes(of: Element(converting: value), as: Element.self) }
                return bits
            }
        }
        switch dtype {
        case .float16: bits = UInt64(Float16(value).bitPattern)
        case .bfloat16: bits = UInt64(HalfPrecision.bfloat16(Float(value)))
        default: bits = try dtype.accept(Visitor(value: value))
        }
    }
}
