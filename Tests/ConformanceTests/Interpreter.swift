import Graphs
import Kernels
import Tensors

/// Evaluates a graph node by node, without planned memory or packed weights.
struct Interpreter {
    let graph: Graph

    /// The outputs of the graph, in order.
    func run(_ inputs: [Tensor]) throws -> [Tensor] {
        let bound = try bind(inputs)
        var values = bound.known
        for (input, tensor) in zip(graph.inputs, inputs) { values[input.value] = tensor }
        for (value, constant) in graph.constants where values[value] == nil { values[value] = try constant.load() }
        for (index, node) in graph.nodes.enumerated() where !bound.isFolded[index] {
            let operands = node.inputs.map { $0.flatMap { values[$0] } }
            let types = try node.operation.attributes.outputTypes(
                of: Operands(operands.map { $0.map { Operands.Operand(type: $0.type, constant: $0) } }))
            let results = try ConstantEvaluation.evaluate(node.operation, operands: operands, outputs: types)
            for (output, tensor) in zip(node.outputs, results) {
                guard let output else { continue }
                guard bound.type(of: output) == tensor.type else {
                    throw Failure("bound to \(String(describing: bound.type(of: output))), computed \(tensor.type)")
                }
                values[output] = tensor
            }
        }
        return try graph.outputs.map { output in
            guard let tensor = values[output] else { throw Failure("no value for '\(graph.name(of: output))'") }
            return tensor
        }
    }

    /// Takes inputs as constants only where their elements decide shapes.
    private func bind(_ inputs: [Tensor]) throws -> BoundGraph {
        let types = inputs.map(\.type)
        do {
            return try BoundGraph(graph, inputTypes: types, evaluate: ConstantEvaluation.evaluator)
        } catch {
            let known = Dictionary(zip(graph.inputs.map(\.value), inputs)) { first, _ in first }
            return try BoundGraph(
                graph, inputTypes: types, knownInputs: known, evaluate: ConstantEvaluation.evaluator)
        }
    }
}
