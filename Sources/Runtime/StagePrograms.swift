internal import Graphs
internal import Kernels
internal import Planning
internal import Tensors

/// A stage compiled for the shapes of a microbatch when these first occur. Programs for the shapes used last are kept,
/// up to a bound; weights are packed once for all of them.
struct StagePrograms {
    /// What goes in and out of the stage; nil where it is known only during the run.
    struct Types {
        /// By index in the part's inputs and outputs.
        let inputs: [TensorType?]
        let outputs: [TensorType?]
    }

    /// Programs kept at a time.
    static let limit = 16

    let part: GraphPart
    private let graph: Graph
    private let batching: InputBatching
    private let weights: StageWeights
    private let arena: Arena
    private let pool: WorkerPool
    private let recorder: NodeRecorder?
    private var bindings = RecentlyUsed<InputBatching.Variant, BoundGraph>(limit: limit)
    private var programs = RecentlyUsed<InputBatching.Variant, StageProgram>(limit: limit)
    private var knownTypes: [InputBatching.Variant: Types] = [:]

    init(
        _ graph: Graph, part: GraphPart, batching: InputBatching, weights: StageWeights, arena: Arena,
        pool: WorkerPool, recorder: NodeRecorder? = nil
    ) {
        self.recorder = recorder
        self.graph = graph
        self.part = part
        self.batching = batching
        self.weights = weights
        self.arena = arena
        self.pool = pool
    }

    /// The types at the stage's borders for a variant, as far as they follow from its inputs' shapes.
    mutating func types(for variant: InputBatching.Variant) throws -> Types {
        if let types = knownTypes[variant] { return types }
        let bound = try binding(for: variant)
        let types = Types(inputs: part.inputs.map(bound.type), outputs: part.outputs.map(bound.type))
        knownTypes[variant] = types
        return types
    }

    /// The program for the microbatches of a variant. For types that it finds only while it runs, it compiles programs
    /// itself.
    mutating func program(for variant: InputBatching.Variant) throws -> StageProgram {
        if let program = programs[variant] { return program }
        // A binding that was dropped is made again only for a program that was dropped too.
        let bound = try binding(for: variant)
        let (part, weights, arena, pool, recorder) = (part, weights, arena, pool, recorder)
        return try programs.value(for: variant) {
            try StageProgram(
                bound, part: part, weights: weights, arena: arena, pool: pool, cacheCapacity: 16, recorder: recorder)
        }
    }

    /// Whether a variant's program is kept.
    func hasProgram(for variant: InputBatching.Variant) -> Bool { programs.contains(variant) }

    private mutating func binding(for variant: InputBatching.Variant) throws -> BoundGraph {
        let (graph, batching) = (graph, batching)
        return try bindings.value(for: variant) {
            try BoundGraph(
                graph, inputTypes: batching.inputTypes(of: variant), evaluate: ConstantEvaluation.evaluator)
        }
    }
}
