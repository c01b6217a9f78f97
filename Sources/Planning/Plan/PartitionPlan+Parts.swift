public import Graphs

extension PartitionPlan.Stage {
    /// Its ranks as a reader needs them: `3`, `1, 5`, and of many the first ones.
    public var rankList: String {
        let ranks = ranks
        return ranks.prefix(8).map(String.init).joined(separator: ", ") + (ranks.count > 8 ? ", ..." : "")
    }
}

extension PartitionPlan {
    /// The stages that compute something.
    public var layeredStages: ArraySlice<Stage> { stages.prefix(while: \.hasLayers) }

    /// How many replicas each stage has; nil where they have different numbers.
    public var replicaCount: Int? {
        let counts = Set(layeredStages.map(\.teams.count))
        return counts.count == 1 ? counts.first : nil
    }

    /// By stage that has layers: these, by their places in the chain that the plan was made from.
    public var layerRanges: [Range<Int>] {
        var end = 0
        return stages.lazy.filter(\.hasLayers).map { stage in
            let first = end
            end += stage.nodes.count
            return first..<end
        }
    }

    /// What a stage computes as a part of the graph: the values it takes in and those it gives away.
    public func part(of stage: Int) -> GraphPart {
        var taken = Set(edges.lazy.filter { $0.to == stage }.map(\.value))
        taken.formUnion(inputs.lazy.filter { $0.stage == stage }.map(\.value))
        let states = states.filter { $0.stage == stage }
        taken.formUnion(states.map(\.input))
        var given = Set(edges.lazy.filter { $0.from == stage }.map(\.value))
        given.formUnion(states.map(\.output))
        given.formUnion(outputs.lazy.filter { $0.stage == stage }.map(\.value))
        return GraphPart(nodes: stages[stage].nodes, inputs: taken.sorted(), outputs: given.sorted())
    }

    /// Receives that are posted at once for an edge between two teams: the one being computed on and the next.
    public static let receiveSlotCount = 2

    /// Bytes that the buffers of an edge may take where several replicas send to one team.
    private static let gatheringByteCount = 256 << 20

    /// The same for an edge in a plan with replicas: as many for each team that sends, while they are not too large.
    static func receiveSlotCount(
        of byteCount: Int, from source: Stage, to target: Stage, policy: SchedulePolicy
    ) -> Int {
        let senders = (source.teams.count + target.teams.count - 1) / target.teams.count
        let fitting = gatheringByteCount / max(1, byteCount)
        // Who decides in the run takes from each sender as it comes, and keeps places for it.
        if policy.distribution.isDecidedInTheRun, !target.hasLayers {
            return senders * max(1, min(receiveSlotCount, fitting / senders))
        }
        return max(receiveSlotCount, min(receiveSlotCount * senders, fitting))
    }

    /// Microbatches of a value that its stage keeps until the farthest of the stages that need it has taken them: one
    /// being filled, and those in transit, one for each team that the pipeline has in between for each of the stage's
    /// own.
    static func sendSlotCount(of stages: [Stage], from home: Int, to takers: some Sequence<Int>) -> Int {
        guard let farthest = takers.max() else { return 1 }
        let own = stages[home].teams.count
        var count = 1
        for stage in stages[(home + 1)...farthest] {
            count += stage.hasLayers ? (stage.teams.count + own - 1) / own : SchedulePolicy.collectingLag + 1
        }
        return count
    }

    /// Buffers of a result that a stage makes: as many as its edges need, one where it is only written.
    public func resultSlotCount(of value: ValueID, stage: Int) -> Int {
        edges.first { $0.from == stage && $0.value == value }?.sendSlotCount ?? 1
    }

    /// By stage: bytes of the buffers for messages at full microbatches. Whole numbers, which may be past any memory.
    public var messageBufferByteCounts: [Double] {
        var sums = [Double](repeating: 0, count: stages.count)
        var counted: Set<ValueID> = []
        for edge in edges {
            sums[edge.to] += Double(edge.byteCount) * Double(edge.receiveSlotCount)
            if counted.insert(edge.value).inserted {
                sums[edge.from] += Double(edge.byteCount) * Double(edge.sendSlotCount)
            }
        }
        return sums
    }
}

extension PartitionPlan.Stage {
    /// A stage that collects what other ranks have computed.
    init(collecting index: Int, team: PartitionPlan.Team) {
        self.init(
            index: index, teams: [team], nodes: [], layerNames: [], flops: 0, parameterCount: 0, parameterByteCount: 0)
    }
}
