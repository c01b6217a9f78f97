public import Files
internal import Graphs
public import Planning

/// Plans as files: JSON, readable and editable.
///
/// What counts in a file are the layers of each stage, by name; a user may move a layer from one stage to the next.
/// Everything else (figures, edges) is there to be read, and is derived anew when the plan is loaded.
public struct PlanFile: Codable {
    struct Stage: Codable {
        /// Of a stage without replicas; one of this and `ranks`.
        var rank: Int?
        /// One for each replica; since version 2.
        var ranks: [Int]?
        let layers: [String]
        var flops: Double?
        var parameters: Int?
    }

    struct Edge: Codable {
        let value: String
        let from: Int
        let to: Int
        let bytes: Int
    }

    static let currentVersion = 2

    let version: Int
    let model: String
    let strategy: String
    let microbatch: Int
    let stages: [Stage]
    var edges: [Edge]?
    /// How microbatches are shared out over replicas; since version 2.
    var distribution: Distribution?

    public init(_ plan: PartitionPlan) {
        version = PlanFile.currentVersion
        model = plan.modelFingerprint
        strategy = plan.strategy
        microbatch = plan.microbatchSize
        stages = plan.layeredStages.map {
            Stage(
                rank: $0.ranks.count == 1 ? $0.ranks[0] : nil, ranks: $0.ranks.count == 1 ? nil : $0.ranks,
                layers: $0.layerNames, flops: $0.flops, parameters: $0.parameterCount)
        }
        distribution = plan.laneCount > 1 ? plan.policy.distribution : nil
        edges = plan.edges.map { Edge(value: $0.name, from: $0.from, to: $0.to, bytes: $0.byteCount) }
    }

    public func write(to file: DestinationFile) throws { try file.write(Array(try JSONLayout.pretty(self))) }

    public static func read(_ path: String) throws(JobError) -> PlanFile {
        let file = try JSONDocument.read(
            PlanFile.self, path, kind: "plan", remedy: "make one with 'mpinfer plan -o'")
        guard (1...currentVersion).contains(file.version) else {
            throw JobError(
                "\(path): plan version \(file.version), and this mpinfer reads versions 1 to \(currentVersion): make it "
                    + "anew with 'mpinfer plan -o'")
        }
        return file
    }

    /// The plan in the file, checked against the model and the ranks of this run.
    func plan(
        path: String, bound: BoundGraph, chain: LayerChain, fingerprint: String, microbatchSize: Int, rankCount: Int?,
        cluster: Cluster
    ) throws(JobError) -> PartitionPlan {
        guard model == fingerprint else {
            throw JobError(
                "\(path): the plan is for another model (fingerprint \(model), the job's model has \(fingerprint)); "
                    + "make it anew with 'mpinfer plan -o \(path)'")
        }
        let teams = try teams(path: path)
        let needed = teams.reduce(0) { $0 + $1.count }
        if let rankCount, needed != rankCount {
            throw JobError(
                "\(path): the plan is for \(needed) ranks, and the job runs on \(rankCount); start "
                    + "\(needed) ranks, or plan anew")
        }
        guard microbatch == microbatchSize else {
            throw JobError(
                "\(path): the plan is for microbatches of \(microbatch) items, and the job has \(microbatchSize); set "
                    + "schedule.microbatch to \(microbatch), or plan anew")
        }
        guard needed <= cluster.ranks.count else { throw JobError.tooFewRanks(cluster, rankCount: needed) }
        let placement = Placement(boundaries: try boundaries(path: path, chain: chain), teams: teams)
        return PartitionPlan(
            bound, chain: chain, placement: placement, strategy: strategy, microbatchSize: microbatchSize,
            modelFingerprint: fingerprint, cluster: cluster, policy: SchedulePolicy(distribution ?? .cyclic))
    }

    /// As far as the file tells; whether it fits is found when the plan is made.
    var degrees: ParallelDegrees {
        ParallelDegrees(stages: stages.count, replicas: max(1, stages.lazy.compactMap { $0.ranks?.count }.max() ?? 1))
    }

    /// By stage; each rank from 0 up in one of them.
    private func teams(path: String) throws(JobError) -> [[PartitionPlan.Team]] {
        var lists: [[Int]] = []
        for (index, stage) in stages.enumerated() {
            let list = stage.ranks ?? (stage.rank.map { [$0] } ?? [])
            guard !list.isEmpty, stage.ranks == nil || stage.rank == nil else {
                throw JobError("\(path): stage \(index) needs a rank, or, for replicas, a list of ranks")
            }
            lists.append(list)
        }
        let count = lists.reduce(0) { $0 + $1.count }
        var owners: [Int: Int] = [:]
        for (index, list) in lists.enumerated() {
            for rank in list {
                guard (0..<count).contains(rank) else {
                    let what = count == lists.count ? "\(count) stages" : "this plan"
                    throw JobError(
                        "\(path): stage \(index) is on rank \(rank), and the ranks of \(what) are 0 to \(count - 1)")
                }
                if let other = owners.updateValue(index, forKey: rank) {
                    throw JobError(
                        "\(path): rank \(rank) has stage \(other) and stage \(index): give each stage a rank "
                            + "of its own")
                }
            }
        }
        return lists.map { $0.map { PartitionPlan.Team(ranks: [$0]) } }
    }

    private func boundaries(path: String, chain: LayerChain) throws(JobError) -> [Int] {
        var starts: [Int] = []
        var next = 0
        for (index, stage) in stages.enumerated() {
            guard !stage.layers.isEmpty else {
                throw JobError("\(path): stage \(index) has no layers: give it some, or take it out")
            }
            starts.append(next)
            for layer in stage.layers {
                guard next < chain.layers.count, chain.layers[next].name == layer else {
                    throw JobError("\(path): stage \(index): \(complaint(about: layer, at: next, chain: chain))")
                }
                next += 1
            }
        }
        guard next == chain.layers.count else {
            throw JobError("\(path): layer '\(chain.layers[next].name)' is in no stage: put it into the last one")
        }
        guard !starts.isEmpty else {
            throw JobError("\(path): the plan has no stages: make it anew with 'mpinfer plan -o'")
        }
        return starts
    }

    private func complaint(about layer: String, at next: Int, chain: LayerChain) -> String {
        guard let place = chain.layers.firstIndex(where: { $0.name == layer }) else {
            let hint = NearestName.hint(layer, among: chain.layers.map(\.name))
            return "the model has no layer '\(layer)'\(hint); 'mpinfer inspect' lists them"
        }
        if place < next { return "layer '\(layer)' stands in the plan twice: leave one out" }
        return "layer '\(chain.layers[next].name)' must come before '\(layer)': stages hold layers in running order"
    }
}
