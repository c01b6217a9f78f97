public import Graphs
internal import Kernels
public import ModelFormats
public import Tensors

/// A model read and tidied, ready to be planned. Its weights still lie in the file.
public struct PreparedModel: Sendable {
    /// Of the file; of a chain all paths, with plus signs between them.
    public let path: String
    public let imported: ImportedModel
    /// How the model was put together, where it is several files.
    public let chain: ModelChain?
    /// After the passes that hold for any shapes.
    public let graph: Graph
    /// What the passes did, in the order they ran.
    public let passes: [Passes.Report]

    /// Reads a model file and runs the standard passes.
    public static func load(path: String) throws -> PreparedModel {
        try PreparedModel(path: path, imported: ONNXImporter.load(path: path))
    }

    /// Reads several model files, joins them, and runs the standard passes over the whole.
    ///
    /// - Parameter extraOutputs: outputs of earlier models that are wanted as well.
    public static func load(
        chain references: [JobSpecification.ModelReference], extraOutputs: [String] = []
    ) throws -> PreparedModel {
        let path = references.map(\.path).joined(separator: " + ")
        let chain: ModelChain
        do {
            chain = try ModelChain(
                references.map { ModelChain.Entry(path: $0.path, wires: $0.wire) }, extraOutputs: extraOutputs,
                suggestion: { NearestName.hint($0, among: $1) }, read: { try ONNXImporter.load(path: $0) })
        } catch let error as GraphError {
            throw JobError(error.description)
        }
        return try PreparedModel(path: path, imported: chain.model, chain: chain)
    }

    /// Reads what a job names.
    public static func load(_ specification: JobSpecification) throws -> PreparedModel {
        if let path = specification.model { return try load(path: path) }
        let model = try load(chain: specification.models, extraOutputs: specification.namedOutputs)
        try model.requireOrder(given: specification)
        return model
    }

    private init(path: String, imported: ImportedModel, chain: ModelChain? = nil) throws {
        self.path = path
        self.imported = imported
        self.chain = chain
        guard imported.graph.unsupportedOperators().isEmpty else {
            // Nothing to tidy where nothing can run; whoever inspects sees the model as it is.
            (graph, passes) = (imported.graph, [])
            return
        }
        (graph, passes) = try Passes.standard(imported.graph, evaluate: ConstantEvaluation.evaluator)
    }

    /// What the user should know of the model.
    var warnings: [String] {
        guard let joined = chain?.joined else { return [] }
        return joined.unused.map {
            "nothing takes the output '\($0.name)' of \(joined.parts[$0.part].source)"
        }
    }

    /// Throws, naming all of them, when the model has operators that nothing here computes.
    public func requireSupported() throws(JobError) {
        let missing = graph.unsupportedOperators()
        guard !missing.isEmpty else { return }
        let list = missing.map { "\($0.name) (\($0.nodes) node\($0.nodes == 1 ? "" : "s"))" }.joined(separator: ", ")
        throw JobError(
            "\(path): \(missing.count) operator\(missing.count == 1 ? " is" : "s are") not supported: \(list). "
                + "Export the model without them, or add them (docs/adding-an-operator.md)")
    }

    /// Throws where a model wants what only a later one makes, and the job does not bring it either.
    private func requireOrder(given specification: JobSpecification) throws(JobError) {
        guard let joined = chain?.joined, specification.input == nil || joined.graph.inputs.count > 1 else { return }
        for (name, part, maker) in joined.takenBeforeMade where specification.inputs[name] == nil {
            throw JobError(
                "input '\(name)' of \(joined.parts[part].source) is made by \(joined.parts[maker].source), which stands "
                    + "later in 'models': models run in the order given; put it before")
        }
    }

    /// Gives every value a type for the input types at hand.
    public func bound(to inputTypes: [TensorType]) throws -> BoundGraph {
        do {
            try chain?.joined.checkFit(inputTypes: inputTypes, evaluate: ConstantEvaluation.evaluator)
        } catch let error as GraphError {
            throw JobError(error.description)
        }
        do {
            return try BoundGraph(graph, inputTypes: inputTypes, evaluate: ConstantEvaluation.evaluator)
        } catch let error as GraphError {
            throw JobError("\(path): \(error)")
        }
    }
}

extension JobSpecification {
    /// Outputs that the job speaks of by name: of a chain these are outputs too when they are made earlier.
    fileprivate var namedOutputs: [String] {
        let listed = Set((outputs?.named.keys).map(Array.init) ?? []).union([labels?.output].compactMap { $0 })
        return listed.union(outputs?.images?.from ?? []).sorted()
    }
}
