public import Graphs
internal import Kernels
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
    /// What the layers take: measured where there is a profile, else their operations over the ranks' speed.
    public let costs: LayerCosts
    /// Ranks and network as far as they are known.
    public let cluster: Cluster
    public let plan: PartitionPlan
    /// Compute threads of each rank, where they are known before the run.
    let threads: Int?
    /// The graph that runs: the model's, with the items first everywhere.
    let graph: Graph
    let outputForms: [OutputForm]
    /// What the user should know and need not act on, such as images left out.
    public private(set) var warnings: [String]

    /// - Parameters:
    ///   - rankCount: ranks that the job runs on; nil to plan without launched ranks, for as many as the job spec says.
    ///   - threads: of each rank, for times that hold for a number of threads; nil for what the job spec says.
    ///   - planPath: a plan file to use instead of the strategy.
    ///   - cluster: instead of the one that the job spec names.
    ///   - profile: instead of the one that the job spec names, or that the cache has.
    public init(
        _ specification: JobSpecification, rankCount: Int?, threads: Int? = nil, planPath: String? = nil,
        cluster: Cluster? = nil, profile: ModelProfile? = nil
    ) throws {
        let opened = try OpenedJob(specification)
        let threads = threads ?? specification.threads.exact
        guard specification.schedule.microbatch.exact == nil else {
            self = try JobPreparation(
                opened, specification, rankCount: rankCount, threads: threads, planPath: planPath, cluster: cluster,
                profile: profile)
            return
        }
        let jobs = try opened.microbatchCandidates(planPath: planPath, rankCount: rankCount).map { size in
            var candidate = specification
            candidate.schedule.microbatch = .exactly(size)
            return try JobPreparation(
                opened, candidate, rankCount: rankCount, threads: threads, planPath: planPath, cluster: cluster,
                profile: profile)
        }
        // Measured times and counted operations are not to be compared: where sizes were measured, it is one of these.
        let measured = jobs.filter { $0.costs.origin == .measured }
        var best: (job: JobPreparation, makespan: Double)?
        for job in measured.isEmpty ? jobs : measured {
            let makespan = try PlanPrediction.makespan(of: job)
            if makespan < best?.makespan ?? .infinity { best = (job, makespan) }
        }
        self = best!.job
        if measured.isEmpty, jobs.count > 1 {
            warnings.append(
                "microbatches of \(plan.microbatchSize) are chosen by counting operations; 'mpinfer profile "
                    + "--microbatches' measures sizes to choose from")
        }
    }

    /// The same job with another strategy or other numbers of stages and replicas.
    ///
    /// - Throws: where the model cannot be cut so.
    func plan(strategy: JobSpecification.Parallelism, degrees: ParallelDegrees) throws -> PartitionPlan {
        try JobPreparation.plan(
            strategy, bound, chain, costs: costs, cluster: cluster, degrees: degrees,
            microbatchSize: plan.microbatchSize, fingerprint: plan.modelFingerprint)
    }

    /// The plan that the job's strategy makes for another number of ranks, on a cluster that has as many.
    ///
    /// - Throws: where the model cannot be cut into as many stages.
    public func plan(stageCount: Int, cluster: Cluster) throws -> PartitionPlan {
        try JobPreparation.plan(
            specification.parallelism, bound, chain, costs: costs, cluster: cluster,
            degrees: ParallelDegrees(stages: stageCount, replicas: 1),
            microbatchSize: plan.microbatchSize, fingerprint: plan.modelFingerprint)
    }

    /// The job's plan with its cuts elsewhere.
    func plan(placement: Placement, strategy: String? = nil) -> PartitionPlan {
        PartitionPlan(
            bound, chain: chain, placement: placement, strategy: strategy ?? plan.strategy,
            microbatchSize: plan.microbatchSize, modelFingerprint: plan.modelFingerprint, cluster: cluster,
            policy: plan.policy)
    }

    /// The best plan for the first ranks of the job by some costs; nil where no plan fits.
    ///
    /// - Parameter replicas: of the whole pipeline.
    func bestPlan(costs: LayerCosts, stageCount: Int, replicas: Int = 1) -> PartitionPlan? {
        let problem = PartitionProblem(chain, costs: costs, cluster: cluster, stageCount: stageCount)
        do throws(PlanningError) {
            let placement = try OptimalStrategy().placement(for: problem).replicated(replicas)
            return plan(placement: placement, strategy: OptimalStrategy.name)
        } catch { return nil }
    }

    private init(
        _ opened: OpenedJob, _ specification: JobSpecification, rankCount: Int?, threads: Int?, planPath: String?,
        cluster givenCluster: Cluster?, profile givenProfile: ModelProfile?
    ) throws {
        self.specification = specification
        self.threads = threads
        model = opened.model
        inputs = opened.inputs
        let size = specification.schedule.microbatch.exact!
        batching = try InputTyping(model.graph, specification, items: model.items, microbatchSize: size).batching(
            inputs.sources.map(\.source), itemCount: inputs.count, urgencies: inputs.urgencies)
        let inputTypes = batching.inputTypes(of: batching.representative)
        var graph = model.graph
        let first = try model.bound(to: inputTypes)
        outputForms = try OutputForm.find(&graph, bound: first, batching: batching, items: model.items)
        self.graph = graph
        bound = graph.nodes.count == model.graph.nodes.count ? first : try model.bound(to: inputTypes, as: graph)
        chain = LayerChain(bound)
        guard !chain.layers.isEmpty else {
            throw JobError(
                "\(model.path): nothing of the model depends on its inputs; there is nothing to run")
        }
        let planFile = try planPath.map { path throws(JobError) in try PlanFile.read(path) }
        let degrees =
            if let planFile { [planFile.degrees] } else {
                try ParallelDegrees.candidates(specification.parallelism, rankCount: rankCount)
            }
        // Before there is a cluster of this many ranks.
        let stageLimit = chain.stageLimit
        let possible = degrees.filter { $0.stages <= stageLimit }
        if possible.isEmpty { try PartitionPlan.requireLayers(chain, stageCount: degrees.map(\.stages).min() ?? 1) }
        let found = try PlanningFigures(
            specification, fingerprint: model.imported.fingerprint, bound: bound, chain: chain, microbatchSize: size,
            rankCount: degrees[0].rankCount, threads: threads, cluster: givenCluster, profile: givenProfile)
        costs = found.costs
        cluster = found.cluster
        warnings = model.warnings + inputs.warnings + found.warnings
        if let planFile, let planPath {
            plan = try planFile.plan(
                path: planPath, bound: bound, chain: chain, fingerprint: model.imported.fingerprint,
                microbatchSize: size, rankCount: rankCount, cluster: cluster)
        } else {
            let simulation = PlanSimulation(batching)
            let (bound, chain, costs, cluster) = (self.bound, self.chain, found.costs, found.cluster)
            let fingerprint = model.imported.fingerprint
            plan = try JobPreparation.fastest(
                of: possible,
                plan: {
                    try JobPreparation.plan(
                        specification.parallelism, bound, chain, costs: costs, cluster: cluster, degrees: $0,
                        microbatchSize: size, fingerprint: fingerprint)
                }, makespan: { try simulation.run($0, costs: costs, on: cluster).outcome.makespan })
        }
        try verify(plan)
        let deadlines = DeadlineCheck(
            batching: batching, costs: costs, cluster: cluster, itemNames: inputs.itemNames)
        if let warning = deadlines.warning { warnings.append(warning) }
    }

    /// Checks a plan against the model and the ranks before anything starts.
    func verify(_ plan: PartitionPlan) throws(PlanningError) {
        let verified = Schedule(
            of: plan,
            sharing: batching.sharing(
                plan, costs: costs, cluster: cluster, limit: plan.policy.periodicMicrobatchCount(plan)))
        try ScheduleVerifier.verify(verified, of: plan, layers: chain.layers.map(\.node)) { graph.nodes[$0.index].name }
        try ScheduleVerifier.verifyMemory(of: plan, chain: chain, cluster: cluster)
    }

    /// The plan that takes the least time, of one for each of the degrees; those that are impossible are skipped while
    /// there are others.
    private static func fastest(
        of degrees: [ParallelDegrees], plan: (ParallelDegrees) throws -> PartitionPlan,
        makespan: (PartitionPlan) throws -> Double
    ) throws -> PartitionPlan {
        guard degrees.count > 1 else { return try plan(degrees[0]) }
        var best: (plan: PartitionPlan, seconds: Double)?
        var complaint: PlanningError?
        for choice in degrees {
            do {
                let plan = try plan(choice)
                let seconds = try makespan(plan)
                if seconds < best?.seconds ?? .infinity { best = (plan, seconds) }
            } catch let error as PlanningError { complaint = complaint ?? error }
        }
        guard let best else { throw complaint ?? PlanningError("there is no plan to choose from") }
        return best.plan
    }

    private static func plan(
        _ parallelism: JobSpecification.Parallelism, _ bound: BoundGraph, _ chain: LayerChain, costs: LayerCosts,
        cluster: Cluster, degrees: ParallelDegrees, microbatchSize: Int, fingerprint: String
    ) throws -> PartitionPlan {
        let stageCount = degrees.stages
        let strategy = try PartitionStrategies.named(
            parallelism.strategy.rawValue, cuts: parallelism.cuts, seed: UInt64(parallelism.seed))
        try PartitionPlan.requireLayers(chain, stageCount: stageCount)
        guard cluster.ranks.count >= degrees.rankCount else {
            throw JobError.tooFewRanks(cluster, rankCount: degrees.rankCount)
        }
        return try PartitionPlan(
            bound, PartitionProblem(chain, costs: costs, cluster: cluster, stageCount: stageCount), strategy: strategy,
            replicas: degrees.replicas, microbatchSize: microbatchSize, modelFingerprint: fingerprint,
            policy: parallelism.policy)
    }

    /// What every rank would do, for all microbatches.
    public var schedule: Schedule { Schedule(of: plan, sharing: sharing(of: plan)) }

    /// Who computes which microbatch, by a plan of the job.
    func sharing(of plan: PartitionPlan) -> LaneSharing {
        batching.sharing(plan, costs: costs, cluster: cluster)
    }

    public var assignment: JobAssignment { assignment(of: plan) }

    /// What ranks need for another plan of the same job.
    func assignment(of plan: PartitionPlan) -> JobAssignment {
        JobAssignment(
            specification: specification, modelPath: model.path, graph: graph, plan: plan,
            sharing: sharing(of: plan), batching: batching, items: model.items, outputForms: outputForms)
    }

    /// What a profile for this job holds for.
    func conditions(threads: Int) -> ModelProfile.Conditions {
        ModelProfile.Conditions(
            model: model.imported.fingerprint, batching: batching, precision: specification.precision, threads: threads)
    }
}

extension JobError {
    static func tooFewRanks(_ cluster: Cluster, rankCount: Int) -> JobError {
        JobError(
            "the plan is for \(rankCount) ranks, and the cluster has \(cluster.ranks.count): describe more nodes, or plan "
                + "for fewer ranks with --ranks")
    }
}
