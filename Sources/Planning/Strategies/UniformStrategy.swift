/// Equal count of layers (of blocks, where layers must stay together) for each stage; the first ones take what is left
/// over.
public struct UniformStrategy: PartitionStrategy {
    public static let name = "uniform"

    public init() {}

    public func boundaries(of chain: LayerChain, stageCount: Int) -> [Int] {
        let starts = chain.blockStarts
        let (each, rest) = starts.count.quotientAndRemainder(dividingBy: stageCount)
        return (0..<stageCount).map { starts[$0 * each + min($0, rest)] }
    }
}
