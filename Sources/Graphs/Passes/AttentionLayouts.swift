/// Lets attention read and write its operands as they lie, in place of transposes between
/// [batch, sequence, heads, headDim] and [batch, heads, sequence, headDim] around it.
public enum AttentionLayouts {
    /// The graph with attention that takes in such transposes, and how many it took in.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var result = graph
        var count = 0
        var isGone = [Bool](repeating: false, count: graph.nodes.count)
        let pattern = PatternGraph(graph)
        let ranks = KnownRanks(graph)
        for (index, node) in graph.nodes.enumerated() {
            guard case .attention(var attributes) = node.operation, node.inputs.count >= 3 else { continue }
            var inputs = node.inputs
            for operand in 0..<3 {
                guard let source = swapped(inputs[operand], in: pattern) else { continue }
                inputs[operand] = source
                switch operand {
                case 0: attributes.queryLayout.swap()
                case 1: attributes.keyLayout.swap()
                default: attributes.valueLayout.swap()
                }
                count += 1
            }
            result.nodes[index].inputs = inputs
            if let output = node.outputs[0], let query = node.inputs[0],
                ranks[query] == 4 || node.inputs[0] != inputs[0], let next = pattern.onlyConsumer(of: output),
                isSwap(graph.nodes[next])
            {
                attributes.outputLayout.swap()
                result.nodes[index].outputs[0] = graph.nodes[next].outputs[0]
                isGone[next] = true
                count += 1
            }
            result.nodes[index].operation = .attention(attributes)
        }
        result.nodes = zip(result.nodes, isGone).compactMap { $1 ? nil : $0 }
        return (result, count)
    }

    private static func isSwap(_ node: Node) -> Bool {
        guard case .transpose(let transpose) = node.operation else { return false }
        return transpose.permutation == [0, 2, 1, 3]
    }

    /// What a value is with its two middle axes swapped.
    private static func swapped(_ value: ValueID?, in graph: PatternGraph) -> ValueID? {
        guard let node = graph.node(making: value), isSwap(node) else { return nil }
        return node.inputs[0]
    }
}

extension Attention.Layout {
    fileprivate mutating func swap() { self = self == .headsFirst ? .sequenceFirst : .headsFirst }
}
