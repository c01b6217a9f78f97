import Graphs
import Kernels
import Tensors

/// Evaluates a graph node by node on values at hand, without planned memory, packed weights or types known before.
struct Interpreter {
    let graph: Graph
    private let pool = WorkerPool(threadCount: 1)

    init(graph: Graph) { self.graph = graph }

    /// The outputs of the graph, in order. Where the graph can be bound before, its types are held against the results.
    func run(_ inputs: [Tensor]) throws -> [Tensor] {
        let bound = try BoundGraph(
            graph, inputTypes: inputs.map(\.type), evaluate: ConstantEvaluation.evaluator)
        var values: [ValueID: StageValue] = [:]
        for (input, tensor) in zip(graph.inputs, inputs) { values[input.value] = .tensor(tensor) }
        return try run(values, bound: bound).map { value in
            guard let tensor = value.tensor else { throw Failure("an output is no tensor") }
            return tensor
        }
    }

    private func run(_ fed: [ValueID: StageValue], bound: BoundGraph?) throws -> [StageValue] {
        var values = fed
        for (value, constant) in graph.constants where values[value] == nil {
            values[value] = .tensor(try constant.load())
        }
        for node in graph.nodes {
            let operands = node.inputs.map { $0.flatMap { values[$0] } }
            let results = try NodeEvaluation.evaluate(node.operation, operands: operands, pool: pool)
            for (output, result) in zip(node.outputs, results) {
                guard let output, let result else { continue }
                if let type = bound?.type(of: output), result.type != type {
                    throw Failure("bound to \(type), computed \(String(describing: result.type))")
                }
                if let known = bound?.known[output], let tensor = result.tensor, !known.hasSameBytes(as: tensor) {
                    throw Failure("'\(graph.name(of: output))' is not what was folded for it")
                }
                values[output] = result
            }
        }
        return try graph.outputs.map { output in
            guard let value = values[output] else { throw Failure("no value for '\(graph.name(of: output))'") }
            return value
        }
    }
}

extension Tensor {
    fileprivate func hasSameBytes(as other: Tensor) -> Bool {
        type == other.type && withBytes { Array($0) } == other.withBytes { Array($0) }
    }
}
