internal import Graphs
internal import Kernels
internal import MPI
internal import Planning
internal import Runtime
internal import Tensors

/// What one rank holds while a job runs: its stage, and the files that its stage reads or writes.
final class RankWorker {
    private let assignment: JobAssignment
    /// How many microbatches the last of the rank's stages is expected to compute.
    private let microbatchCount: Int
    private let executor: RankExecutor
    private let source: JobSource
    private let sink: JobSink?
    /// Nil on ranks that neither read inputs nor write outputs.
    private let itemNames: ItemNames?
    private let threads: ThreadAllocation
    private let processorName: String

    init(
        _ assignment: JobAssignment, rules: ScheduleRules, shared: SharedResources, world: Communicator,
        control: ControlChannel, threads: ThreadAllocation, inputs: InputSet?
    ) throws {
        self.assignment = assignment
        self.threads = threads
        processorName = MPISession.processorName
        try InstructionSet.requireAsAsked()
        let plan = assignment.plan
        let stages = plan.stages(ofRank: world.rank)
        microbatchCount =
            stages.last.map { stage in
                (0..<rules.microbatchCount).count { rules.rank(of: stage, for: $0) == world.rank }
            } ?? 0
        let readsInputs = plan.inputs.contains { stages.contains($0.stage) }
        let writesOutputs = plan.outputs.contains { stages.contains($0.stage) }
        // Opening decodes images to see which are good; only ranks that need them do so.
        let inputs =
            try readsInputs || writesOutputs
            ? inputs ?? assignment.openInputs()
            : nil
        itemNames = inputs?.itemNames
        source = JobSource(assignment, stages: stages, inputs: inputs)
        executor = try RankExecutor(
            graph: assignment.graph, rules: rules, batching: assignment.batching, shared: shared,
            pool: WorkerPool(threadCount: threads.threadCount), communicator: world, control: control)
        sink =
            try writesOutputs
            ? JobSink(assignment, outputTypes: executor.outputTypes(for:), itemNames: inputs!.itemNames) : nil
    }

    func run(progress: (_ microbatchesDone: Int) -> Void) throws {
        do {
            var done = 0
            let all = assignment.batching.microbatchCount
            sink?.begin()
            try executor.run(source: source, sink: sink ?? NoSink()) { _ in
                done += 1
                // Of several replicas each does its share; where lanes are chosen during the run, it may be more than
                // was expected.
                progress(min(all, done * all / max(1, microbatchCount)))
            }
        } catch let failure as MicrobatchFailure {
            throw ItemFailure(failure, of: assignment, itemNames: itemNames)
        }
    }

    func commit() throws { try sink?.commit() }
    func discard() { sink?.discard() }

    func report(clockOffset: Double) -> RankReport {
        RankReport(
            summary: executor.summary(clockOffset: clockOffset), threads: threads, host: processorName,
            result: sink?.result)
    }
}

/// Gives the items of a job to the stages that read them.
struct JobSource: MicrobatchSource {
    /// By index in `PartitionPlan.inputs`; nil for inputs that other ranks read.
    private let sources: [(any InputSource)?]
    /// By index in `PartitionPlan.inputs`.
    private let isWhole: [Bool]
    private let batching: InputBatching

    init(_ assignment: JobAssignment, stages: [Int], inputs: InputSet?) {
        batching = assignment.batching
        let graph = assignment.graph
        isWhole = assignment.plan.inputs.map { assignment.items[graph.name(of: $0.value)] == .whole }
        sources = assignment.plan.inputs.map { site in
            guard stages.contains(site.stage) else { return nil }
            return inputs!.sources[graph.itemInputs.firstIndex { $0.value == site.value }!].source
        }
    }

    func read(input: Int, microbatch: Int, into tensor: Tensor) throws {
        // An input that is one item as a whole has no axis that counts items.
        let rows = isWhole[input] ? tensor.reshaped(Shape([1] + tensor.shape.dimensions)) : tensor
        try sources[input]!.read(items: batching.items(of: microbatch), into: rows)
    }
}

/// For ranks that have no outputs to write.
private struct NoSink: MicrobatchSink {
    func write(microbatch: Int, outputs: [Tensor]) {}
}
