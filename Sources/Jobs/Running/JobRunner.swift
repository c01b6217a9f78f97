internal import Kernels
public import MPI
internal import Planning
public import Runtime

/// Runs a job on all ranks of a communicator, in phases that every rank leaves together: prepare, load, run, report.
/// A failure on one rank ends the phase on all of them, with that rank's words.
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

    private let world: Communicator
    private let control: ControlChannel
    private let observer: Observer

    /// All ranks call this together.
    public init(world: Communicator, observer: Observer = Observer()) throws {
        self.world = world
        self.observer = observer
        control = try ControlChannel(world: world)
    }

    /// Does the job. All ranks call this together.
    ///
    /// - Parameter load: reads the job spec; called on rank 0 only.
    /// - Returns: the report, on rank 0.
    /// - Throws: `JobFailure` on every rank when any rank failed.
    public func run(load: () throws -> JobSpecification, planPath: String? = nil) throws -> JobReport? {
        var preparation: JobPreparation?
        let message = try phase {
            guard world.rank == 0 else { return [UInt8]() }
            let prepared = try JobPreparation(load(), rankCount: world.size, planPath: planPath)
            prepared.warnings.forEach(observer.warned)
            observer.planned(prepared)
            preparation = prepared
            return try prepared.assignment.encoded()
        }
        let bytes = try world.broadcast(message, root: 0)
        let assignment = try phase {
            guard let preparation else { return try JobAssignment.decoded(bytes) }
            return preparation.assignment
        }
        let threads = try phase { try ThreadAllocation.decide(assignment.specification.threads, world: world) }
        observer.loaded(world.rank, threads)
        let worker = try phase { [preparation] in
            try RankWorker(
                assignment, world: world, control: control, threads: threads, inputs: preparation?.inputs)
        }
        do {
            try world.barrier()
            try phase {
                try worker.run { done in
                    if world.rank == 0 { observer.progressed(done, assignment.batching.microbatchCount) }
                }
            }
            try phase { try worker.commit() }
        } catch {
            worker.discard()
            throw error
        }
        return try gather(worker.report(clockOffset: ClockOffset.measure(world)), assignment)
    }

    /// Runs one phase on this rank and waits for the others.
    private func phase<Result>(_ body: () throws -> Result) throws -> Result {
        var result: Result?
        var failure: String?
        do { result = try body() } catch {
            // Somebody else's failure is theirs to report.
            if !(error is RemoteFailure) {
                failure = "\(error)"
                control.announce(failure!)
            }
        }
        let failures = try control.agree(failure: failure)
        guard failures.isEmpty, let result else { throw JobFailure(failures: failures) }
        return result
    }

    private func gather(_ report: RankReport, _ assignment: JobAssignment) throws -> JobReport? {
        let reports = try world.gather(bytes: try report.encoded(), root: 0)
        guard let reports else { return nil }
        return JobReport(assignment, ranks: try reports.map(RankReport.decoded))
    }
}

/// The failures of all ranks, known on all of them.
public struct JobFailure: Error, Sendable, CustomStringConvertible {
    /// In the order of the ranks.
    public let failures: [RemoteFailure]

    /// One line for each thing that went wrong, with the ranks that it went wrong on.
    public var description: String {
        var ranks: [String: [Int]] = [:]
        var order: [String] = []
        for failure in failures {
            if ranks[failure.reason] == nil { order.append(failure.reason) }
            ranks[failure.reason, default: []].append(failure.rank)
        }
        return order.map { reason in
            let list = ranks[reason]!
            return "rank\(list.count == 1 ? "" : "s") \(list.map(String.init).joined(separator: ", ")): \(reason)"
        }.joined(separator: "\n")
    }
}
