internal import Kernels
public import MPI
internal import Planning
internal import Runtime
internal import Tensors

/// Runs a job on all ranks of a communicator, in phases that every rank leaves together: prepare, load, run, report. A
/// failure on one rank ends the phase on all of them, with that rank's error.
public struct JobRunner {
    /// What a caller may want to follow while the job runs.
    public struct Observer {
        /// Called on rank 0 when the plan is made.
        public var planned: (JobPreparation) -> Void = { _ in }
        /// Called on rank 0 with the number of microbatches that its stage has computed.
        public var progressed: (_ done: Int, _ of: Int) -> Void = { _, _ in }
        /// Called on each rank when it knows its threads.
        public var loaded: (_ rank: Int, ThreadAllocation) -> Void = { _, _ in }
        /// Called on rank 0 with what the user should know.
        public var warned: (String) -> Void = { _ in }

        public init() {}
    }

    private let phases: JobPhases
    private let observer: Observer

    private var world: Communicator { phases.world }

    /// All ranks call this together.
    public init(world: Communicator, observer: Observer = Observer()) throws {
        self.observer = observer
        phases = try JobPhases(world: world)
    }

    /// Does the job. All ranks call this together.
    ///
    /// - Parameter load: reads the job spec; called on rank 0 only.
    /// - Returns: the report, on rank 0.
    /// - Throws: `JobFailure` on every rank when any rank failed.
    public func run(load: () throws -> JobSpecification, planPath: String? = nil) throws -> JobReport? {
        let specification = try phases.shared(load)
        let threads = try phases.phase { try ThreadAllocation.decide(specification.threads, world: world) }
        let hosts = try phases.gathered(MPISession.processorName)
        let rooms = try phases.gathered(
            MemoryRoom(host: MPISession.processorName, limits: SystemMemory.limits))
        let bindings = try phases.gathered(CoreBinding.own)
        let choices = try phases.gathered(InstructionSet.choice)
        var preparation: JobPreparation?
        let assignment = try phases.shared {
            CoreBinding.notice(bindings ?? [], launcher: MPISession.launcher).map(observer.warned)
            if let path = specification.parallelism.cluster, let hosts {
                try ClusterFile.load(path: path).hostWarning(running: hosts, path: path).map(observer.warned)
            }
            let prepared = try JobPreparation(
                specification, rankCount: world.size, threads: threads.threadCount, planPath: planPath)
            try MemoryNeed(of: prepared.plan, chain: prepared.chain).requireRoom(for: prepared.plan, in: rooms ?? [])
            try prepared.requireResults()
            prepared.warnings.forEach(observer.warned)
            choices.flatMap(MixedArithmetic.warning).map(observer.warned)
            observer.planned(prepared)
            preparation = prepared
            return prepared.assignment
        }
        observer.loaded(world.rank, threads)
        let run = JobRun(assignment, phases: phases, threads: threads, inputs: preparation?.inputs)
        let reports = try run.run { observer.progressed($0, assignment.batching.microbatchCount) }
        guard let reports, let preparation else { return nil }
        return try JobReport(preparation, ranks: reports)
    }
}
