public import Graphs
internal import Kernels
public import ModelFormats
public import Tensors

/// A model read and tidied, ready to be planned. Its weights still lie in the file.
public struct PreparedModel: Sendable {
    public let path: String
    public let imported: ImportedModel
    /// After the passes that hold for any shapes.
    public let graph: Graph
    /// What the passes did, in the order they ran.
    public let passes: [Passes.Report]

    /// Reads a model file and runs the standard passes.
    ///
    /// - Parameter job: what says how the inputs are fed; nil to take the model as it is.
    public static func load(path: String, for job: JobSpecification? = nil) throws -> PreparedModel {
        let imported = try ONNXImporter.load(path: path)
        guard imported.graph.unsupportedOperators().isEmpty else {
            // Nothing to tidy where nothing can run; whoever inspects sees the model as it is.
            return PreparedModel(path: path, imported: imported, graph: imported.graph, passes: [])
        }
        let fed = try job.map { try InputRewriting.apply($0, to: imported.graph) } ?? imported.graph
        let (graph, passes) = try Passes.standard(fed, evaluate: ConstantEvaluation.evaluator)
        return PreparedModel(path: path, imported: imported, graph: graph, passes: passes)
    }

    /// Throws, naming all of them, when the model has operators that nothing here computes.
    public func requireSupported() throws(JobError) {
        if let value = graph.parameters.first {
            throw JobError(
                "\(path): input '\(graph.name(of: value))' is a sequence or an optional; a job feeds tensors only. Export the "
                    + "model with tensors as inputs")
        }
        let missing = graph.unsupportedOperators()
        guard !missing.isEmpty else { return }
        let list = missing.map { "\($0.name) (\($0.nodes) node\($0.nodes == 1 ? "" : "s"))" }.joined(separator: ", ")
        throw JobError(
            "\(path): \(missing.count) operator\(missing.count == 1 ? " is" : "s are") not supported: \(list). "
                + "Export the model without them, or add them (docs/adding-an-operator.md)")
    }

    /// Gives every value a type for the input types at hand.
    ///
    /// - Parameter graph: the model's graph after a change to its outputs; nil for as it is.
    public func bound(to inputTypes: [TensorType], as graph: Graph? = nil) throws -> BoundGraph {
        do {
            return try BoundGraph(graph ?? self.graph, inputTypes: inputTypes, evaluate: ConstantEvaluation.evaluator)
        } catch let error as GraphError {
            throw JobError("\(path): \(error)")
        }
    }
}
