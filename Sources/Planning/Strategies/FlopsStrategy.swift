/// The heaviest stage, by floating-point operations of its layers and bytes over its borders, is as light as possible.
///
/// All ranks count as equal, and computing and sending as one after another: `optimal` is more exact.
public struct FlopsStrategy: PartitionStrategy {
    public static let name = "flops"

    public init() {}

    public func placement(for problem: PartitionProblem) -> Placement {
        // Operations that a rank does while one byte goes to another.
        let flopsPerByte = problem.cluster.ranks[0].flopsPerSecond / problem.cluster.withinNode.bandwidth
        return Placement(
            boundaries: BalancedCut(problem.chain, loadPerByte: flopsPerByte, load: \.flops)
                .boundaries(of: problem.chain, stageCount: problem.stageCount))
    }
}
