internal import Kernels
public import MPI
internal import Planning
internal import Runtime

/// Runs many plans of one job on the same ranks, round by round, A B C A B C, so that other load on the machines
/// affects all of them; between the runs it measures the layers, from which it predicts what the runs should have come
/// to.
public struct ComparisonRunner {
    /// What a caller may want to follow; called on rank 0.
    public struct Observer {
        public var warned: (String) -> Void = { _ in }
        public var began: (_ plans: Int, _ rounds: Int) -> Void = { _, _ in }
        public var measured: (_ done: Int, _ of: Int) -> Void = { _, _ in }

        public init() {}
    }

    private let phases: JobPhases
    private let observer: Observer

    /// Times of layers are taken for this many seconds in each round.
    private static let profileSeconds = 0.7
    /// Spans that are kept of each rank of a predicted timeline.
    private static let spanLimit = 1 << 12

    /// All ranks call this together.
    public init(world: Communicator, observer: Observer = Observer()) throws {
        phases = try JobPhases(world: world)
        self.observer = observer
    }

    /// All ranks call this together.
    ///
    /// - Parameter load: reads the job spec; called on rank 0 only.
    /// - Returns: the report, on rank 0.
    public func run(
        load: () throws -> JobSpecification, request: ComparisonRequest
    ) throws -> ComparisonReport? {
        let world = phases.world
        let specification = try phases.shared(load)
        let threads = try phases.phase { try ThreadAllocation.decide(specification.threads, world: world) }
        let cluster = try measuredCluster(specification, threads: threads)
        let candidates = try phases.shared {
            try request.candidates(specification, worldSize: world.size).map(\.microbatch)
        }
        let sizes = candidates.reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        var profiler = try ComparisonProfiler(specification, sizes: sizes, threads: threads, phases: phases)
        try profiler.measure(seconds: ComparisonRunner.profileSeconds)

        // Rank 0 plans; the others learn what they need for each run.
        var field: ComparisonField?
        let assignments = try phases.shared {
            let made = try ComparisonField(
                specification, request, worldSize: world.size, threads: threads.threadCount, cluster: cluster,
                profiles: profiler.profiles)
            made.leftOut.forEach(observer.warned)
            field = made
            observer.began(made.plans.count, request.rounds)
            return made.assignments
        }
        let groups = try RankGroups(assignments.map(\.plan.rankCount), world: world)
        for round in 0..<request.rounds {
            for (index, assignment) in assignments.enumerated() {
                let reports = try groups.run(ranks: assignment.plan.rankCount, of: phases) { group in
                    try JobRun(assignment, phases: group, threads: threads, inputs: field?.inputs(of: index))
                        .run(keepsOutputs: false)
                }
                if let reports { field?.add(reports, to: index) }
                observer.measured(round * assignments.count + index + 1, request.rounds * assignments.count)
            }
            try profiler.measure(seconds: ComparisonRunner.profileSeconds)
        }
        let hosts = try phases.gathered(MPISession.processorName)
        guard let field, let hosts else { return nil }
        return try field.report(
            rounds: request.rounds, threads: threads.threadCount, hosts: hosts, profiles: profiler.profiles,
            spanLimit: ComparisonRunner.spanLimit)
    }

    /// The cluster that the job names, or what a short measurement of these ranks finds. On all ranks.
    private func measuredCluster(
        _ specification: JobSpecification, threads: ThreadAllocation
    ) throws -> Cluster {
        let hosts = try phases.gathered(MPISession.processorName)
        let named = try phases.shared { () -> Cluster? in
            guard let path = specification.parallelism.cluster else { return nil }
            let file = try ClusterFile.load(path: path)
            if let hosts { file.hostWarning(running: hosts, path: path).map(observer.warned) }
            return file.cluster
        }
        if let named { return named }
        let pool = WorkerPool(threadCount: threads.threadCount)
        let found = try CalibrationRunner.measure(phases, pool: pool, effort: .brief)
        return try phases.shared { found!.cluster }
    }
}
