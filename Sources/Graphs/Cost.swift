/// What a node asks of the machine once: floating-point operations (a multiply-add counts as two) and bytes of
/// operands and results, weights included.
public struct Cost: Hashable, Sendable, Codable {
    // Double, since counts of models too large to run must not overflow while they are being refused.
    public var flops: Double
    public var bytes: Double

    public init(flops: Double, bytes: Double) {
        self.flops = flops
        self.bytes = bytes
    }

    public static let zero = Cost(flops: 0, bytes: 0)
    public static func + (left: Cost, right: Cost) -> Cost {
        Cost(flops: left.flops + right.flops, bytes: left.bytes + right.bytes)
    }
    public static func += (left: inout Cost, right: Cost) { left = left + right }
}
