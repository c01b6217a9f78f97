internal import Graphs
internal import Planning
internal import Runtime
internal import Tensors

/// Takes the model's outputs on the last stage's rank: writes the files that the job asks for, and compares the
/// classes with the labels.
final class JobSink: MicrobatchSink {
    private let batching: InputBatching
    private let names: [String]
    private var tally: ClassificationTally?
    private let files: OutputSet?

    /// - Parameter outputTypes: of the plan's outputs, for a full microbatch.
    /// - Throws: when the output files cannot be made, or the labels do not fit.
    init(_ assignment: JobAssignment, outputTypes: [TensorType], itemNames: ItemNames) throws {
        let specification = assignment.specification
        batching = assignment.batching
        names = assignment.plan.outputs.map(assignment.graph.name(of:))
        let tally = try ClassificationTally(specification, outputs: names, itemNames: itemNames)
        self.tally = tally
        let outputs = zip(names, outputTypes).map { name, type in
            ModelOutput(
                name: name, itemType: TensorType(type.dtype, Shape(Array(type.shape.dimensions.dropFirst()))))
        }
        files = try specification.outputs.map {
            try OutputSet($0, outputs: outputs, items: itemNames, labels: tally?.labels, classes: tally?.classes)
        }
    }

    func write(microbatch: Int, outputs: [Tensor]) throws {
        let items = batching.items(of: microbatch)
        for (name, tensor) in zip(names, outputs) {
            try files?.write(name, items: items, from: tensor)
            if tally?.output == name { try tally?.add(tensor, items: items) }
        }
    }

    /// Makes the files appear under their names.
    func commit() throws { try files?.commit() }

    /// Leaves nothing behind.
    func discard() { files?.discard() }

    var result: JobResult {
        var result = tally?.result ?? JobResult()
        result.files = files?.paths ?? []
        return result
    }
}
