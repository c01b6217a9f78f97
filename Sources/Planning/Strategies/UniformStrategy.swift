/// Equal count of layers for each stage; the first ones take what is left over.
public struct UniformStrategy: PartitionStrategy {
    public static let name = "uniform"

    public init() {}

    public func boundaries(of chain: LayerChain, stageCount: Int) -> [Int] {
        let (each, rest) = chain.layers.count.quotientAndRemainder(dividingBy: stageCount)
        return (0..<stageCount).map { $0 * each + min($0, rest) }
    }
}
