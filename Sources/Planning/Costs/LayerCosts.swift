public import Graphs

/// What the layers of a model cost for a full microbatch: counted as operations, or measured on this kind of processor.
public struct LayerCosts: Sendable, Codable, Hashable {
    public enum Origin: String, Sendable, Codable {
        /// Floating-point operations over the rank's speed.
        case operations
        /// Measured by `mpinfer profile`, or in a run.
        case measured
    }

    public let origin: Origin
    /// Speed of the ranks that the seconds hold for, in floating-point operations a second; others take in proportion.
    public let flopsPerSecond: Double
    /// Seconds of each layer, in the order of the chain.
    public let layers: [Double]
    /// What a stage costs in addition to its layers.
    public let stage: Double
    /// Seconds to read the items, by input of the graph.
    public let read: [ValueID: Double]
    /// Seconds to write the outputs.
    public let write: Double

    public init(
        origin: Origin, flopsPerSecond: Double, layers: [Double], stage: Double = 0, read: [ValueID: Double] = [:],
        write: Double = 0
    ) {
        self.origin = origin
        self.flopsPerSecond = flopsPerSecond
        self.layers = layers
        self.stage = stage
        self.read = read
        self.write = write
    }

    /// Operations over the speed of a rank.
    public init(operationsOf chain: LayerChain, flopsPerSecond: Double) {
        self.init(
            origin: .operations, flopsPerSecond: flopsPerSecond, layers: chain.layers.map { $0.flops / flopsPerSecond })
    }

    /// How much longer a rank takes than those that the seconds hold for.
    public func slowness(of rank: Cluster.Rank) -> Double { flopsPerSecond / rank.flopsPerSecond }

    /// The costs with each stage's layers brought to what the stage was measured to take, in proportion.
    ///
    /// - Parameter seconds: by rank, that it computed for, divided by the full microbatches of the whole job.
    public func fitted(to seconds: [Double], of plan: PartitionPlan, on cluster: Cluster) -> LayerCosts {
        var layers = layers
        for (stage, range) in zip(plan.stages, plan.layerRanges) {
            let expected = layers[range].reduce(0, +)
            let measured = stage.ranks.reduce(0) { $0 + seconds[$1] / slowness(of: cluster.ranks[$1]) }
            for layer in range {
                layers[layer] =
                    expected > 0 ? layers[layer] * measured / expected : measured / Double(stage.nodes.count)
            }
        }
        return LayerCosts(
            origin: .measured, flopsPerSecond: flopsPerSecond, layers: layers, stage: 0, read: read, write: write)
    }
}
