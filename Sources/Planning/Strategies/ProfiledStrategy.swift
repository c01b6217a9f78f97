/// The slowest stage by measured seconds is as fast as possible, without regard to messages.
public struct ProfiledStrategy: PartitionStrategy {
    public static let name = "profiled"

    public init() {}

    /// - Throws: where nothing was measured.
    public func placement(for problem: PartitionProblem) throws(PlanningError) -> Placement {
        guard problem.costs.origin == .measured else {
            throw PlanningError(
                "strategy 'profiled' needs measured times, and there are none for this model, microbatch size, precision, "
                    + "number of threads and processor: run 'mpinfer profile' with this job first, or choose 'flops'")
        }
        return Placement(
            boundaries: BalancedCut(problem.chain, loads: problem.costs.layers)
                .boundaries(of: problem.chain, stageCount: problem.stageCount))
    }
}
