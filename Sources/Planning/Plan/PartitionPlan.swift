public import Graphs

/// A model cut into stages, and what flows between them. A value: printed, saved, loaded, verified, before any rank
/// does anything.
public struct PartitionPlan: Sendable, Codable, Hashable {
    /// The layers that one rank computes.
    public struct Stage: Sendable, Codable, Hashable {
        public let index: Int
        public let rank: Int
        /// In the order they run.
        public let nodes: [NodeID]
        public let layerNames: [String]
        public let flops: Double
        public let parameterCount: Int
        public let parameterByteCount: Int
    }

    /// A value that one stage sends to another, once per microbatch.
    public struct Edge: Sendable, Codable, Hashable {
        public let index: Int
        public let value: ValueID
        public let name: String
        public let from: Int
        public let to: Int
        /// For a full microbatch of the shapes that the plan was made for; 0 where only the run can tell.
        public let byteCount: Int
        /// Whether the value's shape hangs on what is computed, so that each message has a header that tells it.
        public let hasHeader: Bool
        /// In how many pieces each message goes; both sides hold to it, however long the message turns out.
        public let pieceCount: Int
        /// Microbatches of the value that its stage keeps at once, each in a buffer that all edges of the value share.
        public let sendSlotCount: Int
        /// Receives that are posted at once where the edge ends, each with a buffer of its own.
        public let receiveSlotCount: Int
    }

    /// State that is carried from one microbatch to the next, and the stage that keeps it.
    public struct StateSite: Sendable, Codable, Hashable {
        public let input: ValueID
        public let output: ValueID
        public let name: String
        public let stage: Int
    }

    /// An input of the model and the stage that reads it: the first that wants it.
    public struct InputSite: Sendable, Codable, Hashable {
        public let value: ValueID
        public let name: String
        public let stage: Int
    }

    /// A result of the model and the stage that writes it.
    public struct OutputSite: Sendable, Codable, Hashable {
        public let value: ValueID
        public let name: String
        public let stage: Int
    }

    /// Of the model that the plan was made for.
    public let modelFingerprint: String
    public let strategy: String
    /// Items in a full microbatch.
    public let microbatchSize: Int
    public let stages: [Stage]
    public internal(set) var edges: [Edge]
    public let inputs: [InputSite]
    public let states: [StateSite]
    /// In the model's order.
    public let outputs: [OutputSite]
    /// Who computes what, and in which order.
    public let policy: SchedulePolicy

    /// The stage of a rank; nil where it has none.
    public func stage(ofRank rank: Int) -> Int? { stages.firstIndex { $0.rank == rank } }

    /// Bytes that one microbatch sends over all edges.
    public var trafficByteCount: Int { edges.reduce(0) { $0 + $1.byteCount } }

    /// Cuts a model.
    ///
    /// - Throws: when there are more stages than layers, or the strategy cannot do it.
    public init(
        _ bound: BoundGraph, _ problem: PartitionProblem, strategy: any PartitionStrategy, microbatchSize: Int,
        modelFingerprint: String
    ) throws(PlanningError) {
        let (chain, stageCount) = (problem.chain, problem.stageCount)
        try PartitionPlan.requireLayers(chain, stageCount: stageCount)
        self.init(
            bound, chain: chain, placement: try strategy.placement(for: problem), strategy: type(of: strategy).name,
            microbatchSize: microbatchSize, modelFingerprint: modelFingerprint, cluster: problem.cluster)
    }

    /// Throws where a model cannot be cut into so many stages.
    public static func requireLayers(_ chain: LayerChain, stageCount: Int) throws(PlanningError) {
        let count = chain.layers.count
        guard count > 0 else {
            throw PlanningError("the model has no layer that depends on its inputs: there is nothing to share out")
        }
        guard stageCount >= 1 else {
            throw PlanningError("\(stageCount) pipeline stages are asked for, and a pipeline has at least 1")
        }
        let limit = chain.stageLimit
        guard stageCount <= limit else {
            let plural = limit == 1 ? "" : "s"
            let kind = limit == count ? "layer" : "block"
            throw PlanningError(
                "\(stageCount) pipeline stages are asked for, and the model has \(limit) \(kind)\(plural) to share out: "
                    + "use at most \(limit) rank\(plural), or set parallelism.pipeline to \(limit) or less")
        }
    }

    /// The plan whose stages begin at the layers given.
    ///
    /// - Parameter cluster: tells in how many pieces messages go; nil where all go whole.
    /// - Precondition: the boundaries ascend from 0 and name no stage without a layer; the ranks are 0 and up, none twice.
    public init(
        _ bound: BoundGraph, chain: LayerChain, placement: Placement, strategy: String, microbatchSize: Int,
        modelFingerprint: String, cluster: Cluster? = nil
    ) {
        let starts = placement.boundaries
        let count = chain.layers.count
        let stageCount = starts.count
        precondition(
            starts.first == 0 && zip(starts, starts.dropFirst()).allSatisfy(<) && starts.last! < count,
            "stages of \(count) layers cannot begin at \(starts)")
        precondition(placement.ranks.sorted() == Array(starts.indices), "each rank has one stage")
        self.modelFingerprint = modelFingerprint
        self.strategy = strategy
        self.microbatchSize = microbatchSize
        policy = .forward

        var stageOfLayer = [Int](repeating: 0, count: count)
        stages = starts.indices.map { index in
            let range = starts[index]..<(index + 1 < stageCount ? starts[index + 1] : count)
            for layer in range { stageOfLayer[layer] = index }
            let layers = chain.layers[range]
            return Stage(
                index: index, rank: placement.ranks[index], nodes: layers.map(\.node), layerNames: layers.map(\.name),
                flops: layers.reduce(0) { $0 + $1.flops }, parameterCount: layers.reduce(0) { $0 + $1.parameterCount },
                parameterByteCount: layers.reduce(0) { $0 + $1.parameterByteCount })
        }

        var edges: [Edge] = []
        var inputs: [InputSite] = []
        let stateOutputs = Dictionary(
            bound.graph.states.map { ($0.input, $0.output) }, uniquingKeysWith: { first, _ in first })
        var states: [StateSite] = []
        // All results are written in one place, so that items are finished in one order.
        let writer = stageCount - 1
        for value in ValueFlow(bound, order: chain.layers.map(\.node)).values {
            guard let first = value.firstPosition else { continue }
            let home = stageOfLayer[first]
            let name = bound.graph.name(of: value.id)
            if let output = stateOutputs[value.id] {
                states.append(StateSite(input: value.id, output: output, name: name, stage: home))
            } else if value.producer == nil {
                inputs.append(InputSite(value: value.id, name: name, stage: home))
            }
            var wanted = Set(value.consumers.map { stageOfLayer[$0] })
            if value.isOutput { wanted.insert(writer) }
            wanted.remove(home)
            let hasHeader = bound.type(of: value.id) == nil
            let sendSlotCount = PartitionPlan.sendSlotCount(from: home, to: wanted)
            for target in wanted.sorted() {
                var pieceCount = 1
                if let cluster, !hasHeader {
                    let link = cluster.link(from: placement.ranks[home], to: placement.ranks[target])
                    pieceCount = cluster.pieceCount(value.byteCount, over: link)
                }
                edges.append(
                    Edge(
                        index: edges.count, value: value.id, name: name, from: home, to: target,
                        byteCount: value.byteCount, hasHeader: hasHeader, pieceCount: pieceCount,
                        sendSlotCount: sendSlotCount, receiveSlotCount: PartitionPlan.receiveSlotCount))
            }
        }
        self.edges = edges
        self.inputs = inputs
        self.states = states
        outputs = bound.graph.outputs.map {
            OutputSite(value: $0, name: bound.graph.name(of: $0), stage: writer)
        }
    }
}
