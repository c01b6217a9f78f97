public import Tensors

/// Computes nodes whose operands are small constants now, so that no run computes them.
public enum ConstantFolding {
    /// The graph with their results as constants, and how many nodes went. What cannot be computed here, or would be
    /// large, stays; whoever needs it computes it, or says what is wrong with it.
    public static func apply(_ graph: Graph, evaluate: ConstantEvaluator) -> (graph: Graph, count: Int) {
        var result = graph
        result.nodes = []
        for node in graph.nodes {
            guard let tensors = results(of: node, in: result, evaluate) else {
                result.nodes.append(node)
                continue
            }
            for (output, tensor) in zip(node.outputs, tensors) {
                if let output { result.constants[output] = .tensor(tensor) }
            }
        }
        return (result, graph.nodes.count - result.nodes.count)
    }

    private static func results(of node: Node, in graph: Graph, _ evaluate: ConstantEvaluator) -> [Tensor]? {
        if case .unsupported = node.operation { return nil }
        // A loop may run forever.
        guard !node.operation.hasBodies, !node.operation.attributes.hangsOnItem else { return nil }
        var operands: [Operands.Operand?] = []
        for input in node.inputs {
            guard let input else {
                operands.append(nil)
                continue
            }
            guard let constant = graph.constants[input] else { return nil }
            operands.append(Operands.Operand(type: constant.type, constant: constant.tensor))
        }
        let all = Operands(operands)
        let types: [TensorType]
        do throws(InferenceError) {
            types = try node.operation.attributes.outputTypes(of: all)
            guard node.outputs.count <= types.count else { return nil }
        } catch {
            // Shapes that depend on data are found by computing.
            guard case .dataDependent = error else { return nil }
            types = []
        }
        if let known = node.operation.attributes.outputsKnown(from: all) { return known }
        let tensors = operands.map { $0?.constant }
        guard zip(operands, tensors).allSatisfy({ $0 == nil || $1 != nil }),
            (types + operands.compactMap { $0?.type }).allSatisfy({ $0.shape.elementCount <= BoundGraph.foldLimit })
        else { return nil }
        // A node that fails stays: it may be in a place that never runs, and running it reports what is wrong with it.
        return try? evaluate(node.operation, tensors, types)
    }
}
