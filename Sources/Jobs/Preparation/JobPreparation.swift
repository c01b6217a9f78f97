public import Graphs
internal import ModelFormats
public import Planning
internal import Tensors

/// What one process works out before any rank starts: the model, the items, the plan. `mpinfer plan` stops here.
public struct JobPreparation {
    public let specification: JobSpecification
    public let model: PreparedModel
    let inputs: InputSet
    public let batching: InputBatching
    public let bound: BoundGraph
    public let chain: LayerChain
    public let plan: PartitionPlan
    /// What the user should know and need not act on, such as images left out.
    public let warnings: [String]

    /// - Parameters:
    ///   - rankCount: ranks that the job runs on; nil to plan without a job at hand, for as many as the job spec says.
    ///   - planPath: a plan file to use instead of the strategy.
    public init(_ specification: JobSpecification, rankCount: Int?, planPath: String? = nil) throws {
        self.specification = specification
        model = try PreparedModel.load(path: specification.model)
        try model.requireSupported()
        inputs = try InputSet(specification, model: ModelInput.inputs(of: model.graph))
        warnings = inputs.warnings
        let size = specification.schedule.microbatch
        batching = try InputTyping.batching(
            model.graph, itemTypes: inputs.sources.map(\.source.itemType), itemCount: inputs.count,
            dimensions: specification.dimensions, microbatchSize: size)
        bound = try model.bound(to: batching.fullTypes)
        try JobPreparation.requireItemsFirst(bound, size: size)
        chain = LayerChain(bound)
        guard !chain.layers.isEmpty else {
            throw JobError(
                "\(specification.model): nothing of the model depends on its inputs; there is nothing to run")
        }
        let stageCount = try JobPreparation.stageCount(specification, rankCount: rankCount)
        if let planPath {
            plan = try PlanFile.read(planPath).plan(
                path: planPath, bound: bound, chain: chain, fingerprint: model.imported.fingerprint,
                microbatchSize: size, rankCount: rankCount)
        } else {
            let parallelism = specification.parallelism
            let strategy = try PartitionStrategies.named(parallelism.strategy.rawValue, cuts: parallelism.cuts)
            plan = try PartitionPlan(
                bound, chain: chain, strategy: strategy, stageCount: stageCount, microbatchSize: size,
                modelFingerprint: model.imported.fingerprint)
        }
        for edge in plan.edges where bound.type(of: edge.value) == nil {
            throw JobError(
                "'\(edge.name)' goes from stage \(edge.from) to stage \(edge.to), and its shape hangs on data and is known "
                    + "only while the model runs: cut the model elsewhere, or use fewer ranks")
        }
        let verified = Schedule.pipeline(
            plan, microbatchCount: min(batching.microbatchCount, Schedule.periodicMicrobatchCount(plan)))
        let graph = model.graph
        try ScheduleVerifier.verify(verified, of: plan, layers: chain.layers.map(\.node)) { graph.nodes[$0.index].name }
    }

    /// What every rank would do, for all microbatches.
    public var schedule: Schedule { .pipeline(plan, microbatchCount: batching.microbatchCount) }

    public var assignment: JobAssignment {
        JobAssignment(
            specification: specification, modelPath: model.path, graph: model.graph, plan: plan, batching: batching)
    }

    private static func stageCount(_ specification: JobSpecification, rankCount: Int?) throws(JobError) -> Int {
        switch specification.parallelism.pipeline {
        case .automatic:
            if let rankCount { return rankCount }
            // Cuts that are given say by themselves how many stages there are.
            let parallelism = specification.parallelism
            return parallelism.strategy == .manual ? parallelism.cuts.count + 1 : 1
        case .exactly(let stages):
            if let rankCount, stages != rankCount {
                throw JobError(
                    "parallelism.pipeline is \(stages) and the job runs on \(rankCount) rank\(rankCount == 1 ? "" : "s"): "
                        + "start \(stages) ranks, or set parallelism.pipeline to \(rankCount) or auto")
            }
            return stages
        }
    }

    /// Results are put in order by items, so each output must have one row for each item.
    private static func requireItemsFirst(_ bound: BoundGraph, size: Int) throws(JobError) {
        for output in bound.graph.outputs {
            guard let type = bound.type(of: output) else {
                throw JobError(
                    "the shape of output '\(bound.graph.name(of: output))' hangs on data and is known only while the model "
                        + "runs; only models whose outputs have one row for each item can be run in microbatches")
            }
            guard type.shape.rank > 0, type.shape[0] == size else {
                throw JobError(
                    "output '\(bound.graph.name(of: output))' is \(type) for \(size) items: its first axis must count the "
                        + "items; only models that do so can be run in microbatches")
            }
        }
    }
}
