/// Some nodes of a bound graph and the values that cross their border: what a stage computes.
public struct GraphPart: Sendable, Hashable {
    /// In topological order.
    public let nodes: [NodeID]
    /// Values of the run that come from outside, each once, in order of their IDs.
    public let inputs: [ValueID]
    /// Values needed outside, each once, in order of their IDs; those that the graph itself puts out among them.
    public let outputs: [ValueID]

    public init(nodes: [NodeID], inputs: [ValueID], outputs: [ValueID]) {
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
    }
}

extension BoundGraph {
    /// The nodes of a part with neighbours fused where that saves passes over memory, which changes no bit of the
    /// results. The fused nodes keep their values' IDs.
    public func fusedNodes(of part: GraphPart) -> [Node] {
        var stage = graph
        let loadTime = graph.nodes.indices.filter { isLoadTime[$0] }
        stage.nodes = loadTime.map { graph.nodes[$0] } + part.nodes.map { graph.nodes[$0.index] }
        stage.outputs = part.outputs
        for (value, tensor) in known { stage.constants[value] = .tensor(tensor) }
        let fused = FuseEpilogues.apply(stage, types: types)
        return zip(fused.nodes, fused.loadTimeNodes()).filter { !$0.1 }.map(\.0)
    }
}
