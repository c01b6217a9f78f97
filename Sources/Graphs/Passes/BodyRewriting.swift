/// Brings the bodies of control flow up to date: constants around a body move into it, operands that no body takes go,
/// and each body goes through the passes itself.
enum BodyRewriting {
    /// - Parameters:
    ///   - onlyChanged: leaves bodies alone that no constant moves into.
    ///   - rewrite: what is done to each body.
    static func apply(
        _ graph: Graph, onlyChanged: Bool, rewrite: (Graph) throws(GraphError) -> Graph
    ) throws(GraphError) -> Graph {
        guard graph.nodes.contains(where: \.operation.hasBodies) else { return graph }
        var result = graph
        for index in graph.nodes.indices where graph.nodes[index].operation.hasBodies {
            var node = graph.nodes[index]
            guard takeIn(&node, graph.constants) || !onlyChanged else { continue }
            var bodies: [Graph] = []
            for body in node.operation.bodies {
                do throws(GraphError) {
                    bodies.append(try rewrite(body))
                } catch {
                    throw GraphError("node '\(node.name)' (\(node.operation.name)): \(error.description)")
                }
            }
            node.operation.bodies = bodies
            dropUnused(&node)
            result.nodes[index] = node
        }
        return result
    }

    /// Makes constants of parameters that get constants, and tells whether there are any.
    private static func takeIn(_ node: inout Node, _ constants: [ValueID: Constant]) -> Bool {
        let own = node.operation.ownOperands
        var moved: [Int: Constant] = [:]
        for (operand, value) in node.inputs.enumerated() where operand >= own.operands {
            if let constant = value.flatMap({ constants[$0] }) { moved[operand - own.operands] = constant }
        }
        guard !moved.isEmpty else { return false }
        var bodies = node.operation.bodies
        for body in bodies.indices {
            for (operand, constant) in moved {
                bodies[body].constants[bodies[body].parameters[operand + own.parameters]] = constant
            }
            bodies[body].parameters = bodies[body].parameters.enumerated()
                .filter { moved[$0.offset - own.parameters] == nil }.map(\.element)
        }
        node.inputs = node.inputs.enumerated().filter { moved[$0.offset - own.operands] == nil }.map(\.element)
        node.operation.bodies = bodies
        return true
    }

    private static func dropUnused(_ node: inout Node) {
        let own = node.operation.ownOperands
        var bodies = node.operation.bodies
        let used = bodies.map { body in
            body.nodes.reduce(into: Set(body.outputs)) { $0.formUnion($1.inputs.compactMap(\.self)) }
        }
        let unused = Set(
            (own.operands..<max(own.operands, node.inputs.count)).map { $0 - own.operands }.filter { operand in
                zip(bodies, used).allSatisfy { !$1.contains($0.parameters[operand + own.parameters]) }
            })
        guard !unused.isEmpty else { return }
        for body in bodies.indices {
            bodies[body].parameters = bodies[body].parameters.enumerated()
                .filter { !unused.contains($0.offset - own.parameters) }.map(\.element)
        }
        node.inputs = node.inputs.enumerated().filter { !unused.contains($0.offset - own.operands) }.map(\.element)
        node.operation.bodies = bodies
    }
}
