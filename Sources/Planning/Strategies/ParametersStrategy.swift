/// The largest share of the weights that any stage holds is as small as can be.
public struct ParametersStrategy: PartitionStrategy {
    public static let name = "parameters"

    public init() {}

    public func boundaries(of chain: LayerChain, stageCount: Int) -> [Int] {
        BalancedCut(
            loads: chain.layers.map { Double($0.parameterByteCount) }, cutByteCounts: chain.cutByteCounts,
            loadPerByte: 0
        ).boundaries(stageCount: stageCount)
    }
}
