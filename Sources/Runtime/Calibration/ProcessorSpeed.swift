public import Kernels

/// What a rank's threads can do, measured with the kernels that models are computed with.
public struct ProcessorSpeed: Sendable, Codable, Hashable {
    /// Floating-point operations a second in the product of two matrices that fit into the caches.
    public let flopsPerSecond: Double
    /// Bytes a second that are read and written when one large array is added to another.
    public let bytesPerSecond: Double

    /// Rows, columns and depth of the product.
    private static let extent = 384
    /// Elements of the arrays that are added: far more than caches hold.
    private static let length = 1 << 24
    private static let rounds = 7

    /// Takes about a fifth of a second. The median of a few rounds.
    public static func measure(pool: WorkerPool) throws -> ProcessorSpeed {
        let product = try ProbeProgram.product(extent: extent, pool: pool).seconds(rounds: rounds)
        let sum = try ProbeProgram.sum(length: length, pool: pool).seconds(rounds: rounds)
        let cube = Double(extent) * Double(extent) * Double(extent)
        return ProcessorSpeed(flopsPerSecond: 2 * cube / product, bytesPerSecond: 3 * 4 * Double(length) / sum)
    }
}
