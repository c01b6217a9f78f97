/// Finds exp(x - max(x)) / sum(exp(x - max(x))) over the last axis.
public enum SoftmaxRecognition {
    /// The graph with one node for each, and how many were found.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var result = graph
        var count = 0
        let pattern = PatternGraph(graph)
        let ranks = KnownRanks(graph)
        for (index, node) in graph.nodes.enumerated() {
            guard node.outputs.count == 1, let output = node.outputs[0],
                let (exponentials, sum) = pattern.operands(of: output, .divide),
                pattern.reduced(sum, .sum, ranks: ranks) == exponentials,
                let shifted = pattern.operand(of: exponentials, .exponential),
                let (x, largest) = pattern.operands(of: shifted, .subtract),
                pattern.reduced(largest, .maximum, ranks: ranks) == x,
                pattern.areClosed([exponentials, sum, shifted, largest], last: index)
            else { continue }
            result.nodes[index].operation = .softmax(Softmax(axis: -1))
            result.nodes[index].inputs = [x]
            count += 1
        }
        return (result, count)
    }
}
