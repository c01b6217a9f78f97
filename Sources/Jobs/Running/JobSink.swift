internal import Graphs
internal import Planning
internal import Runtime
internal import Tensors

/// Takes the model's outputs on the rank whose stage writes them: writes the files that the job asks for, and compares the
/// classes with the labels.
final class JobSink: MicrobatchSink {
    private let batching: InputBatching
    private let forms: [OutputForm]
    private let names: [String]
    private var tally: ClassificationTally?
    private let files: OutputSet?
    private var deadlines: DeadlineWatch?

    /// - Parameter outputTypes: of the plan's outputs for a variant of microbatches; nil where they are known only
    ///   during the run.
    /// - Throws: when the output files cannot be made, or the labels do not fit.
    init(
        _ assignment: JobAssignment, outputTypes: (InputBatching.Variant) throws -> [TensorType?], itemNames: ItemNames
    ) throws {
        let specification = assignment.specification
        batching = assignment.batching
        forms = assignment.outputForms
        names = assignment.plan.outputs.map(\.name)
        let planned = try PlannedResults(
            specification, graph: assignment.graph, plan: assignment.plan, forms: forms, batching: batching,
            itemNames: itemNames, types: outputTypes)
        tally = planned.tally
        deadlines = DeadlineWatch(batching, itemNames: itemNames)
        files = try specification.outputs.map {
            try OutputSet(
                $0, outputs: planned.outputs, items: itemNames, labels: planned.tally?.labels,
                classes: planned.tally?.classes)
        }
    }

    func write(microbatch: Int, outputs: [Tensor]) throws {
        let items = batching.items(of: microbatch)
        for (index, name) in names.enumerated() {
            let rows = forms[index].rows(outputs[index])
            guard rows.shape.rank > 0, rows.shape[0] == items.count else {
                throw JobError(
                    "output '\(name)' is \(rows.type) for \(items.count) item\(items.count == 1 ? "" : "s"): its first axis "
                        + "counts them for some items and not for others; give items of one shape")
            }
            try files?.write(name, items: items, from: rows)
            if tally?.output == name { try tally?.add(rows, items: items) }
        }
        deadlines?.finish(items)
    }

    /// The run begins now.
    func begin() { deadlines?.begin() }

    /// Gives the files their final names.
    func commit() throws { try files?.commit() }

    /// Removes what was written.
    func discard() { files?.discard() }

    var result: JobResult {
        var result = tally?.result ?? JobResult()
        result.files = files?.paths ?? []
        result.deadlines = deadlines?.result
        return result
    }
}

extension OutputForm {
    /// An output with the items first.
    fileprivate func rows(_ output: Tensor) -> Tensor {
        switch self {
        case .rows: output
        case .whole: output.reshaped(Shape([1] + output.shape.dimensions))
        }
    }
}
