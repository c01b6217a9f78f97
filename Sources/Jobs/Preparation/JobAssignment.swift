public import Graphs
public import Planning

/// All that a rank needs to do its part of a job: made on rank 0, sent to everybody. Weights are not in it.
public struct JobAssignment: Sendable, Codable {
    public let specification: JobSpecification
    public let modelPath: String
    public let graph: Graph
    public let plan: PartitionPlan
    /// Who computes which microbatch; what is expected where that is decided in the run.
    public let sharing: LaneSharing
    public let batching: InputBatching
    /// What an item is of each input of the graph.
    public let items: ItemForms
    /// One for each output of the graph.
    public let outputForms: [OutputForm]

    /// Opens what the job names as inputs of the model; images are all decoded once.
    ///
    /// - Throws: as `InputSet.init`.
    func openInputs() throws -> InputSet {
        try InputSet(specification, model: ModelInput.inputs(of: graph, items))
    }
}
