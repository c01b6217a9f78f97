internal import MPI
internal import Planning
internal import Runtime

/// One execution of a job whose plan is made: load, run, report.
struct JobRun {
    private let assignment: JobAssignment
    private let phases: JobPhases
    private let threads: ThreadAllocation
    private let inputs: InputSet?

    /// - Parameter inputs: given where they are open already.
    init(_ assignment: JobAssignment, phases: JobPhases, threads: ThreadAllocation, inputs: InputSet?) {
        self.assignment = assignment
        self.phases = phases
        self.threads = threads
        self.inputs = inputs
    }

    /// All ranks call this together.
    ///
    /// - Parameters:
    ///   - keepsOutputs: false to leave no output behind.
    ///   - progress: called on rank 0 with the microbatches that its stage has computed.
    /// - Returns: what each rank did, on rank 0.
    func run(keepsOutputs: Bool = true, progress: (Int) -> Void = { _ in }) throws -> [RankReport]? {
        let world = phases.world
        let plan = assignment.plan
        let rules = ScheduleRules(plan, sharing: assignment.sharing)
        let shared = try SharedResources(
            rules, work: plan.isDecidedInTheRun ? assignment.batching.work(count: rules.microbatchCount) : WorkTable(),
            world: world, control: phases.control)
        let report = try report(rules, shared, keepsOutputs: keepsOutputs, progress: progress)
        try shared.release()
        return try phases.gathered(report)
    }

    /// Does this rank's part. All that it holds is released when it returns.
    private func report(
        _ rules: ScheduleRules, _ shared: SharedResources, keepsOutputs: Bool, progress: (Int) -> Void
    ) throws -> RankReport {
        let world = phases.world
        let worker = try phases.phase {
            try RankWorker(
                assignment, rules: rules, shared: shared, world: world, control: phases.control, threads: threads,
                inputs: inputs)
        }
        do {
            try world.barrier()
            try phases.phase { try worker.run { if world.rank == 0 { progress($0) } } }
            if keepsOutputs { try phases.phase { try worker.commit() } } else { worker.discard() }
        } catch {
            worker.discard()
            throw error
        }
        return try worker.report(clockOffset: ClockOffset.measure(world))
    }
}
