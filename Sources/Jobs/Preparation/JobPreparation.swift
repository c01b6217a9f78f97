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
    /// The graph that runs: the model's, with the items first everywhere.
    private let graph: Graph
    private let outputForms: [OutputForm]
    /// What the user should know and need not act on, such as images left out.
    public let warnings: [String]

    /// - Parameters:
    ///   - rankCount: ranks that the job runs on; nil to plan without a job at hand, for as many as the job spec says.
    ///   - planPath: a plan file to use instead of the strategy.
    public init(_ specification: JobSpecification, rankCount: Int?, planPath: String? = nil) throws {
        self.specification = specification
        model = try PreparedModel.load(specification)
        try model.requireSupported()
        inputs = try InputSet(specification, model: ModelInput.inputs(of: model.graph))
        warnings = model.warnings + inputs.warnings
        let size = specification.schedule.microbatch
        batching = try InputTyping(model.graph, specification).batching(
            inputs.sources.map(\.source), itemCount: inputs.count)
        let inputTypes = batching.inputTypes(of: batching.representative)
        var graph = model.graph
        let first = try model.bound(to: inputTypes)
        outputForms = try OutputForm.find(&graph, bound: first, batching: batching)
        self.graph = graph
        bound = graph.nodes.count == model.graph.nodes.count ? first : try model.bound(to: inputTypes, as: graph)
        chain = LayerChain(bound)
        guard !chain.layers.isEmpty else {
            throw JobError(
                "\(model.path): nothing of the model depends on its inputs; there is nothing to run")
        }
        let stageCount = try JobPreparation.stageCount(specification, rankCount: rankCount)
        if let planPath {
            plan = try PlanFile.read(planPath).plan(
                path: planPath, bound: bound, chain: chain, fingerprint: model.imported.fingerprint,
                microbatchSize: size, rankCount: rankCount)
        } else {
            plan = try JobPreparation.plan(
                specification, bound, chain, stageCount: stageCount, fingerprint: model.imported.fingerprint)
        }
        let verified = Schedule.pipeline(
            plan, microbatchCount: min(batching.microbatchCount, Schedule.periodicMicrobatchCount(plan)))
        try ScheduleVerifier.verify(verified, of: plan, layers: chain.layers.map(\.node)) { graph.nodes[$0.index].name }
    }

    private static func plan(
        _ specification: JobSpecification, _ bound: BoundGraph, _ chain: LayerChain, stageCount: Int,
        fingerprint: String
    ) throws -> PartitionPlan {
        let parallelism = specification.parallelism
        let strategy = try PartitionStrategies.named(parallelism.strategy.rawValue, cuts: parallelism.cuts)
        return try PartitionPlan(
            bound, chain: chain, strategy: strategy, stageCount: stageCount,
            microbatchSize: specification.schedule.microbatch, modelFingerprint: fingerprint)
    }

    /// The plan that the job's strategy makes for another number of ranks.
    ///
    /// - Throws: where the model cannot be cut so often.
    public func plan(stageCount: Int) throws -> PartitionPlan {
        try JobPreparation.plan(
            specification, bound, chain, stageCount: stageCount, fingerprint: plan.modelFingerprint)
    }

    /// What every rank would do, for all microbatches.
    public var schedule: Schedule { .pipeline(plan, microbatchCount: batching.microbatchCount) }

    public var assignment: JobAssignment {
        JobAssignment(
            specification: specification, modelPath: model.path, graph: graph, plan: plan, batching: batching,
            outputForms: outputForms)
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
}
