/// What each action of a schedule costs: the link between a plan and a prediction.
public struct ScheduleCosts: Sendable {
    /// Operations of each stage for a microbatch of relative size 1.
    public let stageFlops: [Double]
    /// Bytes of each edge for the same.
    public let edgeByteCounts: [Int]
    /// By microbatch: its size beside the one that the plan was made for.
    public let microbatchSizes: [Double]

    public init(stageFlops: [Double], edgeByteCounts: [Int], microbatchSizes: [Double]) {
        self.stageFlops = stageFlops
        self.edgeByteCounts = edgeByteCounts
        self.microbatchSizes = microbatchSizes
    }

    /// - Parameter microbatchSizes: see the property; elements of a microbatch's inputs beside those of a full one.
    public init(_ plan: PartitionPlan, microbatchSizes: [Double]) {
        self.init(
            stageFlops: plan.stages.map(\.flops), edgeByteCounts: plan.edges.map(\.byteCount),
            microbatchSizes: microbatchSizes)
    }

    func flops(stage: Int, microbatch: Int) -> Double { stageFlops[stage] * microbatchSizes[microbatch] }

    func byteCount(edge: Int, microbatch: Int) -> Double {
        Double(edgeByteCounts[edge]) * microbatchSizes[microbatch]
    }
}
