/// The heaviest stage, by floating-point operations of its layers and bytes over its borders, is as light as can be.
public struct FlopsStrategy: PartitionStrategy {
    public static let name = "flops"

    /// Operations that a core does while one byte goes to another rank: about 50 Gflop/s against 5 GB/s, a CPU core of
    /// today and a message within a node. A measured cluster replaces the guess in later strategies.
    public static let flopsPerByte = 10.0

    public init() {}

    public func boundaries(of chain: LayerChain, stageCount: Int) -> [Int] {
        BalancedCut(chain, loadPerByte: FlopsStrategy.flopsPerByte, load: \.flops)
            .boundaries(of: chain, stageCount: stageCount)
    }
}
