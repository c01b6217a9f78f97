internal import Graphs
internal import Tensors

/// A body of control flow, compiled for the types that its parameters have when it runs.
final class BodyProgram {
    private let graph: Graph
    private let environment: StageEnvironment
    /// The elements of parameters that are known before the run.
    private let known: [Tensor?]
    private let identity: Int
    /// What ran last, which is most often what runs next.
    private var current: Compiled?

    /// A body compiled for some types of its parameters.
    struct Compiled {
        let types: [TensorType?]
        let program: StageProgram
        /// For each of the program's inputs the parameter, for each output of the body the program's output.
        let inputs: [Int]
        let outputs: [Int]

        /// The type of an output of the body, where it is known before the run.
        func outputType(_ index: Int) -> TensorType? { program.outputTypes[outputs[index]] }
    }

    /// - Parameters:
    ///   - index: which of the node's bodies it is.
    ///   - known: for each parameter.
    init(_ graph: Graph, of node: Node, index: Int, known: [Tensor?], environment: StageEnvironment) {
        self.graph = graph
        self.known = known
        let identity = node.outputs.lazy.compactMap(\.self).first ?? ValueID(0)
        self.environment = environment.body(environment.weights.body(graph, of: identity, index: index))
        self.identity = environment.cache.newIdentity()
    }

    /// - Parameter types: of the parameters; nil for what is no tensor.
    func compiled(for types: [TensorType?]) throws -> Compiled {
        if let current, current.types == types { return current }
        var inputs = graph.parameters.indices.filter { known[$0] == nil }
        inputs.sort { graph.parameters[$0] < graph.parameters[$1] }
        let outputs = Set(graph.outputs).sorted()
        let program = try environment.cache.program(.init(origin: identity, types: types)) {
            let bound = try BoundGraph(
                body: graph, parameters: types, known: known, evaluate: ConstantEvaluation.evaluator)
            let part = GraphPart(
                nodes: bound.runtimeNodes, inputs: inputs.map { graph.parameters[$0] }, outputs: outputs)
            return try StageProgram(bound, part: part, environment: environment)
        }
        let compiled = Compiled(
            types: types, program: program, inputs: inputs, outputs: graph.outputs.map { outputs.firstIndex(of: $0)! })
        current = compiled
        return compiled
    }

    /// Runs the body once.
    ///
    /// - Parameters:
    ///   - values: of all parameters.
    ///   - buffers: where outputs of the body are to be computed; nil for new tensors.
    func run(
        _ compiled: Compiled, _ values: [StageValue], buffers: [Tensor?], betweenNodes: () throws -> Void
    ) throws -> [StageValue] {
        var outputs = [Tensor?](repeating: nil, count: compiled.program.part.outputs.count)
        for (index, buffer) in buffers.enumerated() where outputs[compiled.outputs[index]] == nil {
            outputs[compiled.outputs[index]] = buffer
        }
        let results = try compiled.program.run(
            values: compiled.inputs.map { values[$0] }, outputs: outputs, betweenNodes: betweenNodes)
        return compiled.outputs.map { results[$0] }
    }

    /// Compiles the body for these types and runs it once, into new tensors.
    ///
    /// - Parameter operands: for all parameters.
    func run(_ operands: some Sequence<StageValue?>, betweenNodes: () throws -> Void) throws -> [StageValue?] {
        let values = try operands.map { try $0.required }
        let compiled = try compiled(for: values.map(\.type))
        return try run(
            compiled, values, buffers: [Tensor?](repeating: nil, count: compiled.outputs.count),
            betweenNodes: betweenNodes)
    }
}

extension StageValue? {
    /// A value that a body takes.
    var required: StageValue {
        get throws {
            guard let value = self else { throw KernelError("a value that its body takes is missing") }
            return value
        }
    }
}
