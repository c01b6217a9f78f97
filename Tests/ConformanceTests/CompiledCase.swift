import Graphs
import Kernels
import Tensors

/// A graph as a job computes it: rewritten by the passes, bound and compiled as one stage.
struct CompiledCase {
    let graph: Graph
    private let pool = WorkerPool(threadCount: 1)

    init(_ graph: Graph) throws {
        self.graph = try Passes.standard(graph, evaluate: ConstantEvaluation.evaluator).graph
    }

    /// The program for inputs by name, and the values of what it takes in.
    func program(_ input: (String) -> StageValue?) throws -> (program: StageProgram, values: [StageValue]) {
        var values: [ValueID: StageValue] = [:]
        for declared in graph.inputs {
            guard let tensor = input(graph.name(of: declared.value))?.tensor else {
                throw Failure("no array for the input '\(graph.name(of: declared.value))'")
            }
            values[declared.value] = .tensor(tensor)
        }
        let types = graph.inputs.map { values[$0.value]!.type! }
        for parameter in graph.parameters { values[parameter] = input(graph.name(of: parameter)) ?? .nothing }
        let bound = try BoundGraph(graph, inputTypes: types, evaluate: ConstantEvaluation.evaluator)
        let part = GraphPart(
            nodes: bound.runtimeNodes, inputs: values.keys.sorted(), outputs: Set(graph.outputs).sorted())
        let program = try StageProgram(
            bound, part: part, weights: StageWeights(graph), arena: Arena(), pool: pool)
        return (program, part.inputs.map { values[$0]! })
    }

    /// The outputs of the graph, in order.
    func run(_ input: (String) -> StageValue?) throws -> [StageValue] {
        let (program, values) = try program(input)
        let buffers = program.outputTypes.map { type in type.map { Tensor(uninitialized: $0.dtype, shape: $0.shape) } }
        let results = try program.run(values: values, outputs: buffers)
        return graph.outputs.map { results[program.part.outputs.firstIndex(of: $0)!] }
    }
}

extension CompiledCase {
    private var wholePart: GraphPart {
        GraphPart(
            nodes: graph.nodes.indices.map(NodeID.init), inputs: graph.inputs.map(\.value).sorted(),
            outputs: Set(graph.outputs).sorted())
    }

    /// A program that knows no types before inputs arrive.
    func open() throws -> StageProgram {
        // Bound to some types, of which only those of constants are kept.
        let unknown = try BoundGraph(
            body: graph.withInputsAsParameters, parameters: graph.inputs.map { _ in nil },
            known: graph.inputs.map { _ in nil }, evaluate: ConstantEvaluation.evaluator)
        return try StageProgram(
            unknown, part: wholePart, weights: StageWeights(graph), arena: Arena(), pool: WorkerPool(threadCount: 2))
    }

    func run(_ program: StageProgram, _ input: (String) -> StageValue?) throws -> [StageValue] {
        let values = try program.part.inputs.map { value in
            guard let fed = input(graph.name(of: value)) else { throw Failure("no value") }
            return fed
        }
        let results = try program.run(values: values, outputs: program.part.outputs.map { _ in nil })
        return graph.outputs.map { results[program.part.outputs.firstIndex(of: $0)!] }
    }

    /// Computes the graph in parts, one after another, each of which knows of the values from outside what arrives.
    func run(_ input: (String) -> StageValue?, parts: Int) throws -> [StageValue] {
        var values: [ValueID: StageValue] = [:]
        for declared in graph.inputs { values[declared.value] = input(graph.name(of: declared.value)) }
        let bound = try BoundGraph(
            graph, inputTypes: graph.inputs.map { values[$0.value]!.type! }, evaluate: ConstantEvaluation.evaluator)
        let nodes = bound.runtimeNodes
        let isConstant = bound.constantValues()
        for index in 0..<parts {
            let own = Array(nodes[(nodes.count * index / parts)..<(nodes.count * (index + 1) / parts)])
            let later = nodes[(nodes.count * (index + 1) / parts)...]
            func taken(_ nodes: some Sequence<NodeID>) -> Set<ValueID> {
                Set(nodes.flatMap { graph.nodes[$0.index].inputs.compactMap(\.self) }.filter { !isConstant[$0.index] })
            }
            let made = Set(own.flatMap { graph.nodes[$0.index].outputs.compactMap(\.self) })
            let wanted = taken(later).union(graph.outputs).intersection(made)
            let part = GraphPart(
                nodes: own, inputs: taken(own).subtracting(made).sorted(),
                outputs: wanted.filter { !isConstant[$0.index] }.sorted())
            let program = try StageProgram(
                bound, part: part, weights: StageWeights(graph), arena: Arena(), pool: WorkerPool(threadCount: 1))
            let buffers = program.outputTypes.map { type in
                type.map { Tensor(uninitialized: $0.dtype, shape: $0.shape) }
            }
            let inputs = try part.inputs.map { value in
                guard let tensor = values[value]?.tensor else { throw Failure("no tensor crosses") }
                return tensor
            }
            for (value, tensor) in zip(part.outputs, try program.run(inputs: inputs, outputs: buffers)) {
                values[value] = .tensor(tensor)
            }
        }
        return try graph.outputs.map { output in
            if let value = values[output] ?? bound.known[output].map(StageValue.tensor) { return value }
            throw Failure("no value for '\(graph.name(of: output))'")
        }
    }
}

extension Graph {
    fileprivate var withInputsAsParameters: Graph {
        var graph = self
        graph.parameters = inputs.map(\.value)
        graph.inputs = []
        return graph
    }
}
