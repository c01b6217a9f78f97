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
    /// What an item is of each input.
    let items: ItemForms
    /// What the passes did, in the order they ran.
    public let passes: [Passes.Report]

    /// Reads a model file, or a model's folder, and runs the standard passes.
    public static func load(path: String) throws -> PreparedModel {
        try PreparedModel(path: path, imported: ImportedModel.load(path: path))
    }

    /// Reads several model files, joins them, and runs the standard passes over the whole.
    public static func load(chain references: [JobSpecification.ModelReference]) throws -> PreparedModel {
        try load(chain: references, for: nil)
    }

    /// Reads what a job names, and brings its inputs into the form in which the job feeds them.
    public static func load(_ job: JobSpecification) throws -> PreparedModel {
        if let path = job.model {
            return try PreparedModel(path: path, imported: ImportedModel.load(path: path), job: job)
        }
        return try load(chain: job.models, for: job)
    }

    private static func load(
        chain references: [JobSpecification.ModelReference], for job: JobSpecification?
    ) throws -> PreparedModel {
        let path = references.map(\.path).joined(separator: " + ")
        let chain: ModelChain
        do {
            chain = try ModelChain(
                references.map { ModelChain.Entry(path: $0.path, wires: $0.wire) },
                extraOutputs: job?.namedOutputs ?? [], suggestion: { NearestName.hint($0, among: $1) },
                read: { try ImportedModel.load(path: $0) })
        } catch let error as GraphError {
            throw JobError(error.description)
        }
        if let job { try requireOrder(chain.joined, given: job) }
        return try PreparedModel(path: path, imported: chain.model, chain: chain, job: job)
    }

    private init(path: String, imported: ImportedModel, chain: ModelChain? = nil, job: JobSpecification? = nil) throws {
        self.path = path
        self.imported = imported
        self.chain = chain
        guard imported.graph.unsupportedOperators().isEmpty else {
            // Nothing to tidy where nothing can run; whoever inspects sees the model as it is.
            (graph, passes, items) = (imported.graph, [], ItemForms())
            return
        }
        let fed =
            try job.map { job in
                let graph = try EmbeddingSettings.apply(job, to: imported.graph)
                return try InputRewriting.apply(job, to: graph)
            } ?? (graph: imported.graph, items: ItemForms())
        items = fed.items
        (graph, passes) = try Passes.standard(fed.graph, evaluate: ConstantEvaluation.evaluator)
    }

    /// What the user should know of the model.
    var warnings: [String] {
        guard let joined = chain?.joined else { return items.warnings }
        return items.warnings
            + joined.unused.map { "nothing takes the output '\($0.name)' of \(joined.parts[$0.part].source)" }
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
        let list = missing.map { missing in
            "\n  \(missing.name): "
                + (missing.nodes == 1
                    ? "node '\(missing.first)'" : "\(missing.nodes) nodes, the first is '\(missing.first)'")
        }
        throw JobError(
            "\(path): \(missing.count) operator\(missing.count == 1 ? " is" : "s are") not supported; export the model "
                + "without them, or add them (docs/adding-an-operator.md):\(list.joined())")
    }

    /// Throws where a model needs what only a later one makes, and the job does not provide it either.
    private static func requireOrder(
        _ joined: GraphChain, given specification: JobSpecification
    ) throws(JobError) {
        guard specification.input == nil || joined.graph.inputs.count > 1 else { return }
        for (name, part, maker) in joined.takenBeforeMade where specification.inputs[name] == nil {
            throw JobError(
                "input '\(name)' of \(joined.parts[part].source) is made by \(joined.parts[maker].source), which stands "
                    + "later in 'models': models run in the order given; put it before")
        }
    }

    /// Gives every value a type for the given input types.
    ///
    /// - Parameter graph: the model's graph after a change to its outputs, once it was bound as it is; nil for as it is.
    public func bound(to inputTypes: [TensorType], as graph: Graph? = nil) throws -> BoundGraph {
        // A changed graph is made from one that was checked.
        if graph == nil { try checkFit(inputTypes) }
        do {
            return try BoundGraph(graph ?? self.graph, inputTypes: inputTypes, evaluate: ConstantEvaluation.evaluator)
        } catch let error as GraphError {
            throw JobError("\(path): \(error)")
        }
    }

    /// Checks the tensors between the models of a chain against what the models declare.
    private func checkFit(_ inputTypes: [TensorType]) throws {
        guard let joined = chain?.joined else { return }
        var given: [ValueID: Operands.Operand] = [:]
        for (input, type) in zip(graph.inputs, inputTypes) { given[input.value] = Operands.Operand(type: type) }
        // Inputs that the job sets for all items are constants by now.
        for input in joined.graph.inputs {
            guard let constant = graph.constants[input.value] else { continue }
            given[input.value] = Operands.Operand(type: constant.type, constant: constant.tensor)
        }
        do {
            try joined.checkFit(given, evaluate: ConstantEvaluation.evaluator)
        } catch let error as GraphError {
            throw JobError(error.description)
        }
    }
}

extension JobSpecification {
    /// Outputs that the job speaks of by name: of a chain these are outputs too when they are made earlier.
    fileprivate var namedOutputs: [String] {
        var names = Set(outputs.map { Array($0.named.keys) + ($0.images?.from ?? []) } ?? [])
        if let output = labels?.output { names.insert(output) }
        for case .carried(let carried) in inputs.values { names.insert(carried.carried) }
        return names.sorted()
    }
}
