/// The largest share of the weights that any stage holds is as small as can be.
public struct ParametersStrategy: PartitionStrategy {
    public static let name = "parameters"

    public init() {}

    public func boundaries(of chain: LayerChain, stageCount: Int) -> [Int] {
        BalancedCut(chain, loadPerByte: 0) { Double($0.parameterByteCount) }
            .boundaries(of: chain, stageCount: stageCount)
    }
}
