internal import FoundationEssentials
public import Graphs
public import Planning

/// All that a rank needs to do its part of a job: made on rank 0, sent to everybody. Weights are not in it.
public struct JobAssignment: Sendable, Codable {
    public let specification: JobSpecification
    public let modelPath: String
    public let graph: Graph
    public let plan: PartitionPlan
    public let batching: InputBatching
    /// One for each output of the graph.
    public let outputForms: [OutputForm]

    /// For a message.
    public func encoded() throws -> [UInt8] {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return Array(try encoder.encode(self))
    }

    public static func decoded(_ bytes: [UInt8]) throws -> JobAssignment {
        try PropertyListDecoder().decode(JobAssignment.self, from: Data(bytes))
    }
}
