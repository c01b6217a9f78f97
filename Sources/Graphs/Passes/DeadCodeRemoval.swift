/// Removes nodes, outputs of nodes, and constants that no output of the graph depends on.
public enum DeadCodeRemoval {
    /// The graph without them, and how many nodes went.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var isLive = [Bool](repeating: false, count: graph.valueNames.count)
        for output in graph.outputs { isLive[output.index] = true }
        var kept: [Node] = []
        for var node in graph.nodes.reversed() {
            guard node.outputs.contains(where: { $0.map { isLive[$0.index] } ?? false }) else { continue }
            for (index, output) in node.outputs.enumerated() {
                guard let output, !isLive[output.index] else { continue }
                if index > 0 || !node.operation.attributes.alwaysMakesFirst { node.outputs[index] = nil }
            }
            while let last = node.outputs.last, last == nil { node.outputs.removeLast() }
            for case let input? in node.inputs { isLive[input.index] = true }
            kept.append(node)
        }
        var result = graph
        result.nodes = kept.reversed()
        result.constants = graph.constants.filter { isLive[$0.key.index] }
        return (result, graph.nodes.count - kept.count)
    }
}
