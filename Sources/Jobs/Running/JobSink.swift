internal import Graphs
internal import Planning
internal import Runtime
internal import Tensors

/// Takes the model's outputs on the last stage's rank: writes the files that the job asks for, and compares the
/// classes with the labels.
final class JobSink: MicrobatchSink {
    private let batching: InputBatching
    private var tally: ClassificationTally?
    private let classifiedOutput: Int?

    /// - Throws: when the output files cannot be made, or the labels do not fit.
    init(_ assignment: JobAssignment, itemNames: ItemNames) throws {
        batching = assignment.batching
        let names = assignment.plan.outputs.map(assignment.graph.name(of:))
        tally = try ClassificationTally(assignment.specification, outputs: names, itemNames: itemNames)
        classifiedOutput = tally.map { names.firstIndex(of: $0.output)! }
    }

    func write(microbatch: Int, outputs: [Tensor]) throws {
        let items = batching.items(of: microbatch)
        if let classifiedOutput { try tally?.add(outputs[classifiedOutput], items: items) }
    }

    /// Makes the files appear under their names.
    func commit() throws {}

    /// Leaves nothing behind.
    func discard() {}

    var result: JobResult { tally?.result ?? JobResult() }
}
