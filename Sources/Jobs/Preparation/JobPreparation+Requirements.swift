internal import Graphs
internal import Kernels
internal import Planning
internal import Tensors

extension JobPreparation {
    /// Checks what the job does with the model's outputs against the model and the items: labels, classes, formats,
    /// names.
    ///
    /// - Throws: what the rank that writes would throw before it computes.
    @discardableResult func requireResults() throws -> PlannedResults {
        try PlannedResults(
            specification, graph: graph, plan: plan, forms: outputForms, batching: batching, itemNames: inputs.itemNames
        ) { variant in
            let bound =
                variant == batching.representative
                ? bound
                : try BoundGraph(
                    graph, inputTypes: batching.inputTypes(of: variant), evaluate: ConstantEvaluation.evaluator)
            return plan.outputs.map { bound.type(of: $0.value) }
        }
    }

    /// All that a run on this machine would refuse before it computes, without starting it. Folders that are made for it are
    /// taken away again.
    public func requireRunnable() throws {
        try InstructionSet.requireAsAsked()
        let results = try requireResults()
        if let outputs = specification.outputs { try OutputSet.requirePlace(for: outputs, files: results.files) }
    }
}
