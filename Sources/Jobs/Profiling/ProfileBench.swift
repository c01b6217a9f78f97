internal import Graphs
internal import Kernels
internal import MPI
internal import Planning
internal import Runtime
internal import Tensors

/// A whole job on one rank, taken microbatch by microbatch: read, compute, write.
final class ProfileBench {
    private let assignment: JobAssignment
    private let variant: InputBatching.Variant
    /// Microbatches that are taken in turn: some of those whose shapes are the commonest.
    private let microbatches: [Int]
    private let pool: WorkerPool
    private let probe: ModelProbe
    private let source: JobSource
    private let sink: JobSink?

    /// Microbatches that are read at most, so that a long job is not read to its end.
    private static let limit = 16

    /// - Parameter writes: whether outputs are written, to be thrown away in the end.
    init(_ assignment: JobAssignment, threads: ThreadAllocation, inputs: InputSet?, writes: Bool) throws {
        self.assignment = assignment
        let batching = assignment.batching
        try InstructionSet.requireAsAsked()
        guard batching.microbatchCount > 0 else { throw JobError("there is nothing to measure: the job has no items") }
        let representative = batching.representative
        let variant =
            batching.variants.contains(representative)
            ? representative : batching.variants.max { batching.elementCount(of: $0) < batching.elementCount(of: $1) }!
        self.variant = variant
        microbatches = Array(
            (0..<batching.microbatchCount).lazy.filter { batching.variant(of: $0) == variant }.prefix(
                ProfileBench.limit))
        pool = WorkerPool(threadCount: threads.threadCount)
        let inputs =
            try inputs ?? assignment.openInputs()
        source = JobSource(assignment, stages: [0], inputs: inputs)
        probe = try ModelProbe(
            graph: assignment.graph, plan: assignment.plan, batching: batching, variant: variant, pool: pool)
        sink =
            writes
            ? try JobSink(
                assignment, outputTypes: probe.outputTypes(for:), itemNames: inputs.itemNames) : nil
    }

    func speed() throws -> ProcessorSpeed { try ProcessorSpeed.measure(pool: pool) }

    /// A full microbatch of the job relative to those that are measured.
    func scale(_ batching: InputBatching) -> Double {
        let measured = batching.elementCount(of: variant)
        return measured > 0 ? batching.elementCount(of: batching.representative) / measured : 1
    }

    /// Takes one microbatch.
    func measure(round: Int, into samples: inout ProfileSamples) throws {
        let microbatch = microbatches[round % microbatches.count]
        var reads: [String: Double] = [:]
        for (index, site) in assignment.plan.inputs.enumerated() {
            let start = MPISession.wallClock
            try source.read(input: index, microbatch: microbatch, into: probe.tensor(of: site.value)!)
            reads[site.name] = MPISession.wallClock - start
        }
        let (outputs, nodes, total) = try probe.run()
        var write: Double?
        // Each item is written once at most.
        if let sink, round < microbatches.count {
            let start = MPISession.wallClock
            try sink.write(microbatch: microbatch, outputs: outputs)
            write = MPISession.wallClock - start
        }
        samples.add(layers: nodes, total: total, reads: reads, write: write)
    }

    func discard() { sink?.discard() }
}

extension InputBatching {
    /// Elements of the inputs of a microbatch: what its work is taken to be in proportion to.
    func elementCount(of variant: Variant) -> Double {
        inputTypes(of: variant).reduce(0) { $0 + Double($1.shape.elementCount) }
    }
}
