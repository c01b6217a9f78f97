/// Removes nodes that hand a value on unchanged: identities, and casts to the dtype that is there. Outputs of the graph
/// keep their names: the node before makes them.
public enum IdentityRemoval {
    /// The graph without them, and how many went.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        let producers = graph.producers()
        let dtypes = KnownDTypes(graph)
        let outputs = Set(graph.outputs)
        // What a value is a copy of; itself for most.
        var roots = graph.valueNames.indices.map(ValueID.init)
        for node in graph.nodes {
            guard let (input, output) = node.identity(dtypes) else { continue }
            roots[output.index] = roots[input.index]
        }
        // Values that get an output's name, by the value's old one.
        var renamed: [ValueID: ValueID] = [:]
        for output in graph.outputs {
            let root = roots[output.index]
            if root != output, producers[root.index] != nil, !outputs.contains(root), renamed[root] == nil {
                renamed[root] = output
            }
        }
        func current(_ value: ValueID) -> ValueID {
            let root = roots[value.index]
            return renamed[root] ?? root
        }

        var result = graph
        result.nodes = []
        for var node in graph.nodes {
            if let (_, output) = node.identity(dtypes) {
                guard outputs.contains(output), current(output) != output else { continue }
                node.inputs = node.inputs.map { $0.map(current) }
            } else {
                node.inputs = node.inputs.map { $0.map(current) }
                node.outputs = node.outputs.map { $0.map { renamed[$0] ?? $0 } }
            }
            result.nodes.append(node)
        }
        return (result, graph.nodes.count - result.nodes.count)
    }
}

extension Node {
    /// What an identity copies, and into what; nil for other operators.
    fileprivate func identity(_ dtypes: KnownDTypes) -> (input: ValueID, output: ValueID)? {
        guard inputs.count == 1, let input = inputs[0], outputs.count == 1, let output = outputs[0] else { return nil }
        switch operation {
        case .identity: return (input, output)
        case .cast(let cast) where dtypes[input] == cast.target: return (input, output)
        default: return nil
        }
    }
}
