/// Checks that a graph holds together: each value is made once, and before it is used.
public enum GraphValidator {
    /// - Throws: `GraphError`, naming the node and the value.
    public static func check(_ graph: Graph) throws(GraphError) {
        let count = graph.valueNames.count
        var isMade = [Bool](repeating: false, count: count)

        func make(_ value: ValueID, by maker: String) throws(GraphError) {
            guard value.index >= 0, value.index < count else {
                throw GraphError("\(maker) makes value \(value.index), and the graph has \(count)")
            }
            guard !isMade[value.index] else {
                throw GraphError("\(maker) makes '\(graph.name(of: value))', which is there already")
            }
            isMade[value.index] = true
        }
        func use(_ value: ValueID, by user: String) throws(GraphError) {
            guard value.index >= 0, value.index < count else {
                throw GraphError("\(user) takes value \(value.index), and the graph has \(count)")
            }
            guard isMade[value.index] else {
                throw GraphError("\(user) takes '\(graph.name(of: value))', which nothing before it makes")
            }
        }

        for input in graph.inputs { try make(input.value, by: "the list of inputs") }
        for value in graph.parameters { try make(value, by: "the list of parameters") }
        for value in graph.constants.keys.sorted() { try make(value, by: "the table of constants") }
        for node in graph.nodes {
            let name = "node '\(node.name)' (\(node.operation.name))"
            for case let input? in node.inputs { try use(input, by: name) }
            for case let output? in node.outputs { try make(output, by: name) }
            try checkBodies(of: node, named: name)
        }
        for output in graph.outputs { try use(output, by: "the list of outputs") }
    }

    private static func checkBodies(of node: Node, named name: String) throws(GraphError) {
        guard node.operation.hasBodies else { return }
        do throws(GraphError) {
            try node.operation.checkBodies(operandCount: node.inputs.count, outputCount: node.outputs.count)
            for body in node.operation.bodies { try check(body) }
        } catch {
            throw GraphError("\(name): \(error.description)")
        }
    }
}
