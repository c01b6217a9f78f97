/// What each action of a schedule costs: the link between a plan and a prediction. All figures are for a microbatch of
/// relative size 1, in seconds on a rank of the speed given.
public struct ScheduleCosts: Sendable, Hashable {
    /// The speed for which the seconds are valid, in floating-point operations per second; other ranks compute in
    /// proportion.
    public let flopsPerSecond: Double
    /// By stage.
    public var stageSeconds: [Double]
    /// By input of the plan.
    public let readSeconds: [Double]
    public let writeSeconds: Double
    public let edgeByteCounts: [Int]
    /// By microbatch: its size relative to the one that the plan was made for.
    public let microbatchSizes: [Double]

    public init(
        flopsPerSecond: Double, stageSeconds: [Double], readSeconds: [Double] = [], writeSeconds: Double = 0,
        edgeByteCounts: [Int], microbatchSizes: [Double]
    ) {
        self.flopsPerSecond = flopsPerSecond
        self.stageSeconds = stageSeconds
        self.readSeconds = readSeconds
        self.writeSeconds = writeSeconds
        self.edgeByteCounts = edgeByteCounts
        self.microbatchSizes = microbatchSizes
    }

    /// - Parameters:
    ///   - costs: of the layers of the chain that the plan was made from.
    ///   - microbatchSizes: see the property; elements of a microbatch's inputs relative to those of a full one.
    public init(_ plan: PartitionPlan, costs: LayerCosts, microbatchSizes: [Double]) {
        self.init(
            flopsPerSecond: costs.flopsPerSecond,
            stageSeconds: plan.layerRanges.map { costs.layers[$0].reduce(0, +) + costs.stage }
                + plan.stages.filter { !$0.hasLayers }.map { _ in 0 },
            readSeconds: plan.inputs.map { costs.read[$0.value] ?? 0 }, writeSeconds: costs.write,
            edgeByteCounts: plan.edges.map(\.byteCount), microbatchSizes: microbatchSizes)
    }

    /// Seconds that a rank needs to compute a stage for a microbatch.
    func compute(stage: Int, microbatch: Int, on rank: Cluster.Rank) -> Double {
        compute(stage: stage, on: rank) * microbatchSizes[microbatch]
    }

    /// The same for a full microbatch.
    func compute(stage: Int, on rank: Cluster.Rank) -> Double {
        stageSeconds[stage] * flopsPerSecond / rank.flopsPerSecond
    }

    /// By lane: seconds from one full microbatch to the next, once all of its stages are busy.
    public func paces(of plan: PartitionPlan, on cluster: Cluster) -> [Double] {
        var readSeconds = stageSeconds.map { _ in 0.0 }
        if !self.readSeconds.isEmpty {
            for (input, site) in plan.inputs.enumerated() { readSeconds[site.stage] += self.readSeconds[input] }
        }
        return (0..<plan.laneCount).map { lane in
            plan.layeredStages.reduce(.leastNormalMagnitude) { slowest, stage in
                let rank = cluster.ranks[stage.teams[lane % stage.teams.count].lead]
                return max(slowest, compute(stage: stage.index, on: rank) + readSeconds[stage.index])
            }
        }
    }

    func read(input: Int, microbatch: Int) -> Double {
        readSeconds.isEmpty ? 0 : readSeconds[input] * microbatchSizes[microbatch]
    }

    func write(microbatch: Int) -> Double { writeSeconds * microbatchSizes[microbatch] }

    /// A whole number.
    func byteCount(edge: Int, microbatch: Int) -> Double {
        (Double(edgeByteCounts[edge]) * microbatchSizes[microbatch]).rounded()
    }
}
