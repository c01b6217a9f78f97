public import Planning

/// What the layers of a job cost, and what would cross a cut before each: what a plan was made from. For charts.
public struct LayerFigures: Sendable, Hashable {
    public struct Layer: Sendable, Hashable {
        public let name: String
        public let operatorName: String
        /// For a full microbatch on a rank of the speed that the costs hold for.
        public let seconds: Double
        public let flops: Double
        /// What a full microbatch sends over a cut before this layer, in bytes; 0 before the first.
        public let cutByteCount: Double
    }

    public let origin: LayerCosts.Origin
    /// In the order they run, which is that of the stages of a plan.
    public let layers: [Layer]
}

extension LayerFigures {
    public init(_ chain: LayerChain, costs: LayerCosts) {
        origin = costs.origin
        layers = chain.layers.indices.map { index in
            let layer = chain.layers[index]
            return Layer(
                name: layer.name, operatorName: layer.operatorName, seconds: costs.layers[index], flops: layer.flops,
                cutByteCount: chain.cutByteCounts[index])
        }
    }
}
