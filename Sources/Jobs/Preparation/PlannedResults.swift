internal import Graphs
internal import Planning
internal import Tensors

/// What a job makes of the model's outputs, decided before anything is computed: which outputs are written, with which
/// types, and which one is compared with labels. `validate` and the rank that writes decide it in the same way.
struct PlannedResults {
    /// The outputs that go to files, without state that is only passed on.
    let outputs: [ModelOutput]
    /// Those of the outputs; pictures are not among them.
    let files: [PlannedFile]
    /// Nil where the job asks for no classes.
    let tally: ClassificationTally?

    /// - Parameters:
    ///   - forms: one for each output of the plan.
    ///   - types: of the plan's outputs for a variant of microbatches; nil where only the run can tell.
    /// - Throws: where labels, classes, formats or names of outputs do not fit the model or the items.
    init(
        _ specification: JobSpecification, graph: Graph, plan: PartitionPlan, forms: [OutputForm],
        batching: InputBatching, itemNames: ItemNames, types: (InputBatching.Variant) throws -> [TensorType?]
    ) throws {
        let names = plan.outputs.map(\.name)
        let states = Set(plan.states.map(\.output))
        tally = try ClassificationTally(specification, outputs: names, itemNames: itemNames)
        // By output: nil inside where only the run can tell, or where items differ.
        var found: [TensorType??] = names.map { _ in nil }
        // Outputs whose items are known to differ, and those that the run alone can tell of.
        var differing: Set<Int> = []
        var untold: Set<Int> = []
        for variant in batching.variants {
            // Once no output has one type for all items, the rest of the variants cannot change that.
            if !found.isEmpty, found.allSatisfy({ $0 == .some(nil) }) { break }
            for (index, type) in try types(variant).enumerated() {
                let item = type.map(forms[index].itemType)
                if item == nil { untold.insert(index) }
                if let known = found[index], known != item {
                    if known != nil, item != nil { differing.insert(index) }
                    found[index] = .some(nil)
                } else {
                    found[index] = .some(item)
                }
            }
        }
        var outputs: [ModelOutput] = []
        for (index, name) in names.enumerated() {
            // State is passed on, and written only where it is asked for by name.
            if states.contains(plan.outputs[index].value), specification.outputs?.named[name] == nil { continue }
            outputs.append(
                ModelOutput(
                    name: name, itemType: found[index] ?? nil,
                    isOpen: untold.contains(index) && !differing.contains(index), columnNames: graph.columnNames[name]))
        }
        self.outputs = outputs
        if let settings = specification.embeddings { try settings.requireVectors(outputs) }
        if let tally, let index = names.firstIndex(of: tally.output), let type = found[index] ?? nil {
            try tally.requireScores(type)
        }
        let classes = tally?.classes
        files =
            try specification.outputs.map {
                try PlannedFile.all(of: $0, outputs: outputs, classes: classes)
            } ?? []
    }
}

extension OutputForm {
    /// The type of one item of an output of this type.
    fileprivate func itemType(_ type: TensorType) -> TensorType {
        switch self {
        case .rows: TensorType(type.dtype, Shape(Array(type.shape.dimensions.dropFirst())))
        case .whole: type
        }
    }
}
