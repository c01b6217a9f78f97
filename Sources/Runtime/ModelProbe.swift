public import Graphs
public import Kernels
public import Planning
public import Tensors

/// A whole model on one rank, for measuring how long each of its nodes takes.
public final class ModelProbe {
    private let graph: Graph
    private let batching: InputBatching
    private let variant: InputBatching.Variant
    private let part: GraphPart
    private let arena = Arena()
    private let recorder = NodeRecorder()
    private var programs: StagePrograms
    private let readTensors: [Tensor?]  // by input of the graph; nil for carried state
    private let operands: [Tensor]
    private let results: [Tensor?]

    /// Reads all weights and compiles the model.
    ///
    /// - Parameter variant: of the microbatches that are to be computed.
    public init(
        graph: Graph, plan: PartitionPlan, batching: InputBatching, variant: InputBatching.Variant, pool: WorkerPool
    ) throws {
        precondition(plan.stages.count == 1)
        self.graph = graph
        self.batching = batching
        self.variant = variant
        part = plan.part(of: 0)
        programs = StagePrograms(
            graph, part: part, batching: batching, weights: StageWeights(graph), arena: arena, pool: pool,
            recorder: recorder)
        let types = batching.inputTypes(of: variant)
        let carried = Set(graph.states.map(\.input))
        let tensors = types.map { Tensor(zeros: $0.dtype, shape: $0.shape) }
        readTensors = zip(graph.inputs, tensors).map { carried.contains($0.value) ? nil : $1 }
        operands = part.inputs.map { value in tensors[graph.inputs.firstIndex { $0.value == value }!] }
        results = try programs.program(for: variant).outputTypes.map { type in
            type.map { Tensor(uninitialized: $0.dtype, shape: $0.shape) }
        }
    }

    /// The types of the outputs for microbatches of a variant; nil where they are known only during the run.
    public func outputTypes(for variant: InputBatching.Variant) throws -> [TensorType?] {
        let types = try programs.types(for: variant).outputs
        return graph.outputs.map { types[part.outputs.firstIndex(of: $0)!] }
    }

    /// The tensor that the items of an input are read into; nil where nothing reads it.
    public func tensor(of input: ValueID) -> Tensor? {
        graph.inputs.firstIndex { $0.value == input }.flatMap { readTensors[$0] }
    }

    /// Computes the model once.
    ///
    /// - Returns: the outputs in the order of the graph, the seconds of each node by name, and those of all of it.
    public func run() throws -> (outputs: [Tensor], nodes: [String: Double], total: Double) {
        let program = try programs.program(for: variant)
        let start = StopWatch.now
        recorder.begin()
        let made = try program.run(inputs: operands, outputs: results)
        let total = StopWatch.now - start
        let outputs = graph.outputs.map { output in made[part.outputs.firstIndex(of: output)!] }
        return (outputs, recorder.seconds, total)
    }
}
