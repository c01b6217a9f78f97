/// Equal count of layers (of blocks, where layers must stay together) for each stage; the first ones take what is left
/// over.
public struct UniformStrategy: PartitionStrategy {
    public static let name = "uniform"

    public init() {}

    public func placement(for problem: PartitionProblem) -> Placement {
        let starts = problem.chain.blockStarts
        let (each, rest) = starts.count.quotientAndRemainder(dividingBy: problem.stageCount)
        return Placement(boundaries: (0..<problem.stageCount).map { starts[$0 * each + min($0, rest)] })
    }
}
