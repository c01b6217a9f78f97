internal import Graphs

/// A job whose model and inputs are open, before anything depends on the size of microbatches.
struct OpenedJob {
    let model: PreparedModel
    let inputs: InputSet

    /// The largest microbatch that `auto` considers.
    private static let largest = 64

    init(_ specification: JobSpecification) throws {
        model = try PreparedModel.load(specification)
        try model.requireSupported()
        inputs = try InputSet(specification, model: ModelInput.inputs(of: model.graph, model.items))
    }

    /// Sizes that `schedule.microbatch: auto` chooses from: powers of 2, as long as each rank has a microbatch to do.
    func microbatchCandidates(planPath: String?, rankCount: Int?) throws -> [Int] {
        if let planPath { return [try PlanFile.read(planPath).microbatch] }
        guard model.graph.states.isEmpty, model.items.whole.isEmpty else { return [1] }
        // With an input that always has the same number of items there is only one size.
        for case .fixed(let extent)? in model.graph.itemInputs.map(\.dimensions.first) { return [extent] }
        let limit = max(1, min(OpenedJob.largest, inputs.count / max(1, rankCount ?? 1)))
        return sequence(first: 1) { $0 * 2 }.prefix { $0 <= limit }.map(\.self)
    }
}
