public import Graphs

/// A model cut into stages, and what flows between them. A value: printed, saved, loaded, verified, before any rank
/// does anything.
public struct PartitionPlan: Sendable, Codable, Hashable {
    /// Ranks that compute a stage together.
    public struct Team: Sendable, Codable, Hashable {
        public let ranks: [Int]

        /// - Precondition: one rank. Stages that are split over several are yet to come.
        public init(ranks: [Int]) {
            precondition(ranks.count == 1)
            self.ranks = ranks
        }

        /// The one that others exchange messages with.
        public var lead: Int { ranks[0] }
    }

    /// Layers that are computed in one go.
    public struct Stage: Sendable, Codable, Hashable {
        public let index: Int
        /// Each computes the whole stage, for microbatches of its own; several are replicas. At least one.
        public let teams: [Team]
        /// In the order they run. None for the stage that only collects what replicas of the last layers have computed.
        public let nodes: [NodeID]
        public let layerNames: [String]
        public let flops: Double
        public let parameterCount: Int
        public let parameterByteCount: Int

        /// All ranks that compute it.
        public var ranks: [Int] { teams.flatMap(\.ranks) }
        public var hasLayers: Bool { !nodes.isEmpty }
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
        /// Whether the value's shape depends on what is computed, so that each message has a header that tells it.
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

    /// An input of the model and the stage that reads it: the first that needs it.
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

    /// The stages of a rank.
    public func stages(ofRank rank: Int) -> [Int] {
        stages.indices.filter { stages[$0].teams.contains { $0.ranks.contains(rank) } }
    }

    /// The same for all ranks.
    public var stagesByRank: [[Int]] {
        var all = [[Int]](repeating: [], count: rankCount)
        for stage in stages { for team in stage.teams { for rank in team.ranks { all[rank].append(stage.index) } } }
        return all
    }

    /// Ranks that the plan is for.
    public var rankCount: Int {
        var count = 0
        for stage in stages { for team in stage.teams { for rank in team.ranks { count = max(count, rank + 1) } } }
        return count
    }

    /// Bytes that one microbatch sends over all edges.
    public var trafficByteCount: Int { edges.reduce(0) { $0 + $1.byteCount } }

    /// Cuts a model.
    ///
    /// - Parameter replicas: of the whole pipeline; the ranks of each follow those of the one before.
    /// - Throws: when there are more stages than layers, or the strategy cannot do it.
    public init(
        _ bound: BoundGraph, _ problem: PartitionProblem, strategy: any PartitionStrategy, replicas: Int = 1,
        microbatchSize: Int, modelFingerprint: String, policy: SchedulePolicy = SchedulePolicy()
    ) throws(PlanningError) {
        let (chain, stageCount) = (problem.chain, problem.stageCount)
        try PartitionPlan.requireLayers(chain, stageCount: stageCount)
        if replicas > 1, let state = bound.graph.states.first {
            throw PlanningError(
                "the model carries '\(bound.graph.name(of: state.input))' from item to item, so that its items are computed one "
                    + "after another: set parallelism.data to 1")
        }
        self.init(
            bound, chain: chain, placement: try strategy.placement(for: problem).replicated(replicas),
            strategy: type(of: strategy).name, microbatchSize: microbatchSize, modelFingerprint: modelFingerprint,
            cluster: problem.cluster, policy: policy)
    }

    /// Throws where a model cannot be cut into this many stages.
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

    /// The plan whose stages begin at the layers given. Where the last layers have replicas, one more stage collects what they
    /// compute, on the rank of the first of them: all outputs are written in one place.
    ///
    /// - Parameter cluster: tells in how many pieces messages go; nil where all go whole.
    /// - Precondition: the boundaries ascend from 0 and name no stage without a layer; the ranks are 0 and up, none twice.
    public init(
        _ bound: BoundGraph, chain: LayerChain, placement: Placement, strategy: String, microbatchSize: Int,
        modelFingerprint: String, cluster: Cluster? = nil, policy: SchedulePolicy = SchedulePolicy()
    ) {
        let starts = placement.boundaries
        let count = chain.layers.count
        var stageCount = starts.count
        precondition(
            starts.first == 0 && zip(starts, starts.dropFirst()).allSatisfy(<) && starts.last! < count,
            "stages of \(count) layers cannot begin at \(starts)")
        let ranks = placement.teams.flatMap { $0.flatMap(\.ranks) }.sorted()
        precondition(ranks == Array(ranks.indices), "each rank is in one team")
        self.modelFingerprint = modelFingerprint
        self.strategy = strategy
        self.microbatchSize = microbatchSize
        self.policy = policy

        var stageOfLayer = [Int](repeating: 0, count: count)
        var stages = starts.indices.map { index in
            let range = starts[index]..<(index + 1 < stageCount ? starts[index + 1] : count)
            for layer in range { stageOfLayer[layer] = index }
            let layers = chain.layers[range]
            return Stage(
                index: index, teams: placement.teams[index], nodes: layers.map(\.node), layerNames: layers.map(\.name),
                flops: layers.reduce(0) { $0 + $1.flops }, parameterCount: layers.reduce(0) { $0 + $1.parameterCount },
                parameterByteCount: layers.reduce(0) { $0 + $1.parameterByteCount })
        }
        if let team = placement.teams.last?.first, placement.teams.last!.count > 1 {
            stages.append(Stage(collecting: stageCount, team: team))
            stageCount += 1
        }
        self.stages = stages

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
            let sendSlotCount = PartitionPlan.sendSlotCount(of: stages, from: home, to: wanted)
            for target in wanted.sorted() {
                var pieceCount = 1
                if let cluster, !hasHeader {
                    let link = cluster.link(from: stages[home].teams[0].lead, to: stages[target].teams.last!.lead)
                    pieceCount = cluster.pieceCount(value.byteCount, over: link)
                }
                edges.append(
                    Edge(
                        index: edges.count, value: value.id, name: name, from: home, to: target,
                        byteCount: value.byteCount, hasHeader: hasHeader, pieceCount: pieceCount,
                        sendSlotCount: sendSlotCount,
                        receiveSlotCount: PartitionPlan.receiveSlotCount(
                            of: value.byteCount, from: stages[home], to: stages[target], policy: policy)))
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
