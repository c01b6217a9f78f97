/// The largest share of the weights that any stage holds is as small as possible.
public struct ParametersStrategy: PartitionStrategy {
    public static let name = "parameters"

    public init() {}

    public func placement(for problem: PartitionProblem) -> Placement {
        Placement(
            boundaries: BalancedCut(problem.chain, loadPerByte: 0) { Double($0.parameterByteCount) }
                .boundaries(of: problem.chain, stageCount: problem.stageCount))
    }
}
