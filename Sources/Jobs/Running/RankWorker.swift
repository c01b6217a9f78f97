internal import Graphs
internal import Kernels
internal import MPI
internal import Planning
internal import Runtime
internal import Tensors

/// What one rank holds while a job runs: its stage, and the files that its stage reads or writes.
final class RankWorker {
    private let assignment: JobAssignment
    private let actions: ActionList
    private let executor: StageExecutor
    private let source: JobSource
    private let sink: JobSink?
    /// Nil on ranks that neither read inputs nor write outputs.
    private let itemNames: ItemNames?
    private let threads: ThreadAllocation
    private let processorName: String

    init(
        _ assignment: JobAssignment, world: Communicator, control: ControlChannel, threads: ThreadAllocation,
        inputs: InputSet?
    ) throws {
        self.assignment = assignment
        self.threads = threads
        processorName = MPISession.processorName
        try InstructionSet.requireAsAsked()
        let plan = assignment.plan
        let stage = plan.stage(ofRank: world.rank)!
        actions = ActionList(
            Schedule.actions(of: plan, rank: world.rank, microbatchCount: assignment.batching.microbatchCount))
        let readsInputs = plan.inputs.contains { $0.stage == stage }
        let writesOutputs = plan.outputs.contains { $0.stage == stage }
        // Opening decodes images to see which are good; only who needs them does so.
        let inputs =
            try readsInputs || writesOutputs
            ? inputs ?? assignment.openInputs()
            : nil
        itemNames = inputs?.itemNames
        source = JobSource(assignment, stage: stage, inputs: inputs)
        executor = try StageExecutor(
            graph: assignment.graph, plan: plan, batching: assignment.batching, stage: stage,
            pool: WorkerPool(threadCount: threads.threadCount), communicator: world, control: control)
        sink =
            try writesOutputs
            ? JobSink(assignment, outputTypes: executor.outputTypes(for:), itemNames: inputs!.itemNames) : nil
    }

    func run(progress: (_ microbatchesDone: Int) -> Void) throws {
        do {
            try executor.run(actions, source: source, sink: sink ?? NoSink()) { progress($0 + 1) }
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

/// Feeds the items of a job to the stage that reads them.
struct JobSource: MicrobatchSource {
    /// By index in `PartitionPlan.inputs`; nil for inputs that other ranks read.
    private let sources: [(any InputSource)?]
    /// By index in `PartitionPlan.inputs`.
    private let isWhole: [Bool]
    private let batching: InputBatching

    init(_ assignment: JobAssignment, stage: Int, inputs: InputSet?) {
        batching = assignment.batching
        let graph = assignment.graph
        isWhole = assignment.plan.inputs.map { assignment.items[graph.name(of: $0.value)] == .whole }
        sources = assignment.plan.inputs.map { site in
            guard site.stage == stage else { return nil }
            return inputs!.sources[graph.itemInputs.firstIndex { $0.value == site.value }!].source
        }
    }

    func read(input: Int, microbatch: Int, into tensor: Tensor) throws {
        // What is one item as a whole has no axis that counts items.
        let rows = isWhole[input] ? tensor.reshaped(Shape([1] + tensor.shape.dimensions)) : tensor
        try sources[input]!.read(items: batching.items(of: microbatch), into: rows)
    }
}

/// For ranks that have no outputs to write.
private struct NoSink: MicrobatchSink {
    func write(microbatch: Int, outputs: [Tensor]) {}
}
