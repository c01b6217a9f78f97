internal import Tensors

/// Puts the nodes of a branch in place of an `If` whose condition is a constant.
public enum BranchInlining {
    /// The graph without such nodes, and how many there were.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var result = graph
        result.nodes = []
        var count = 0
        // What is inlined may itself be such a node.
        var pending = Array(graph.nodes.reversed())
        while let node = pending.popLast() {
            guard case .conditional(let conditional) = node.operation, let value = node.inputs.first ?? nil,
                let condition = result.constants[value]?.tensor, condition.elementCount == 1,
                condition.dtype == .bool
            else {
                result.nodes.append(node)
                continue
            }
            let isTrue = condition.withBytes { $0[0] != 0 }
            let inlined = splice(isTrue ? conditional.thenBranch : conditional.elseBranch, for: node, into: &result)
            pending += inlined.reversed()
            count += 1
        }
        return (result, count)
    }

    /// The nodes of a branch in terms of the graph around it.
    private static func splice(_ branch: Graph, for node: Node, into graph: inout Graph) -> [Node] {
        var values: [ValueID: ValueID] = [:]
        for case (let parameter, let operand?) in zip(branch.parameters, node.inputs.dropFirst()) {
            values[parameter] = operand
        }
        // A node of the branch makes an output where it can; what is no node's, or needed twice, is copied.
        let made = Set(branch.nodes.flatMap { $0.outputs.compactMap(\.self) })
        var copies: [(from: ValueID, to: ValueID)] = []
        for case (let inner, let outer?) in zip(branch.outputs, node.outputs) {
            if made.contains(inner), values[inner] == nil {
                values[inner] = outer
            } else {
                copies.append((inner, outer))
            }
        }
        func value(_ inner: ValueID) -> ValueID {
            if let value = values[inner] { return value }
            let value = graph.addValue(named: "\(node.name)/\(branch.name(of: inner))")
            graph.constants[value] = branch.constants[inner]
            values[inner] = value
            return value
        }
        var nodes: [Node] = []
        for inner in branch.nodes {
            nodes.append(
                Node(
                    name: "\(node.name)/\(inner.name)", operation: inner.operation,
                    inputs: inner.inputs.map { $0.map(value) }, outputs: inner.outputs.map { $0.map(value) }))
        }
        for (from, to) in copies {
            nodes.append(
                Node(
                    name: graph.name(of: to), operation: .identity(Identity()), inputs: [value(from)], outputs: [to]))
        }
        return nodes
    }
}
