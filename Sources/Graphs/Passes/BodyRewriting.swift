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
        let count = node.inputs.count
        var bodies = node.operation.bodies
        for operand in node.inputs.indices.reversed() where operand >= own.operands {
            guard let value = node.inputs[operand], let constant = constants[value] else { continue }
            for body in bodies.indices {
                let parameter = bodies[body].parameters.remove(at: operand - own.operands + own.parameters)
                bodies[body].constants[parameter] = constant
            }
            node.inputs.remove(at: operand)
        }
        node.operation.bodies = bodies
        return node.inputs.count < count
    }

    private static func dropUnused(_ node: inout Node) {
        let own = node.operation.ownOperands
        var bodies = node.operation.bodies
        let used = bodies.map { body in
            body.nodes.reduce(into: Set(body.outputs)) { $0.formUnion($1.inputs.compactMap(\.self)) }
        }
        for operand in node.inputs.indices.reversed() where operand >= own.operands {
            let parameter = operand - own.operands + own.parameters
            guard zip(bodies, used).allSatisfy({ !$1.contains($0.parameters[parameter]) }) else { continue }
            for body in bodies.indices { bodies[body].parameters.remove(at: parameter) }
            node.inputs.remove(at: operand)
        }
        node.operation.bodies = bodies
    }
}
