/// Takes the nodes together that hand sequences, or optionals, to one another, and whatever lies between them, so that
/// planners see tensors only.
enum SequenceEnclosure {
    /// The graph with one node for each such group, and how many there are.
    static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var result = graph
        var count = 0
        while let group = firstGroup(of: result), let enclosed = enclosing(group, in: result) {
            result = enclosed
            count += 1
        }
        return (result, count)
    }

    /// The nodes that one value which is no tensor connects, directly or through others.
    private static func firstGroup(of graph: Graph) -> Set<Int>? {
        let kinds = graph.valueKinds(parameters: graph.parameters.map { _ in .sequence })
        // A sequence that comes from outside cannot be enclosed, nor one that is needed outside.
        let outer = Set(graph.parameters + graph.outputs)
        let ties = graph.nodes.map { node in
            (node.inputs + node.outputs).compactMap(\.self).filter { !kinds[$0.index].isTensor && !outer.contains($0) }
        }
        guard
            let first = graph.nodes.indices.first(where: { index in
                graph.nodes[index].outputs.contains {
                    $0.map { !kinds[$0.index].isTensor && !outer.contains($0) } ?? false
                }
            })
        else { return nil }
        var tied: [ValueID: [Int]] = [:]
        for (index, values) in ties.enumerated() {
            for value in values { tied[value, default: []].append(index) }
        }
        var group: Set<Int> = [first]
        var pending = [first]
        while let index = pending.popLast() {
            for value in ties[index] {
                for other in tied.removeValue(forKey: value) ?? [] where group.insert(other).inserted {
                    pending.append(other)
                }
            }
        }
        return group
    }

    private static func enclosing(_ group: Set<Int>, in graph: Graph) -> Graph? {
        // What lies between nodes of the group is included too: a node that one of them depends on, and that depends on
        // one.
        var after = Set<ValueID>()
        var isAfter = [Bool](repeating: false, count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            let depends = node.inputs.contains { $0.map(after.contains) ?? false }
            isAfter[index] = depends
            if depends || group.contains(index) { after.formUnion(node.outputs.compactMap(\.self)) }
        }
        var wanted = Set<ValueID>()
        var members = group
        for (index, node) in graph.nodes.enumerated().reversed() {
            let isBefore = node.outputs.contains { $0.map(wanted.contains) ?? false }
            if isBefore, isAfter[index] { members.insert(index) }
            if isBefore || group.contains(index) { wanted.formUnion(node.inputs.compactMap(\.self)) }
        }
        let body = Body(members.sorted(), of: graph)
        guard !body.outputs.isEmpty else { return nil }
        let node = Node(
            name: graph.nodes[members.min()!].name, operation: .enclosure(Enclosure(body: body.graph)),
            inputs: body.operands, outputs: body.outputs)
        var result = graph
        let rest = graph.nodes.indices.filter { !members.contains($0) }
        result.nodes =
            rest.filter { !isAfter[$0] }.map { graph.nodes[$0] } + [node]
            + rest.filter { isAfter[$0] }.map { graph.nodes[$0] }
        return result
    }

    /// Nodes as a graph of their own.
    private struct Body {
        var graph: Graph
        var operands: [ValueID?] = []
        var outputs: [ValueID?] = []
        private var values: [ValueID: ValueID] = [:]

        init(_ members: [Int], of outer: Graph) {
            let nodes = members.map { outer.nodes[$0] }
            graph = Graph(name: "enclosure")
            let made = Set(nodes.flatMap { $0.outputs.compactMap(\.self) })
            for value in nodes.flatMap({ $0.inputs.compactMap(\.self) })
            where values[value] == nil && !made.contains(value) {
                if let constant = outer.constants[value] {
                    values[value] = graph.addConstant(named: outer.name(of: value), constant)
                } else {
                    values[value] = graph.addParameter(named: outer.name(of: value))
                    operands.append(value)
                }
            }
            for node in nodes {
                var inner = node
                inner.inputs = node.inputs.map { $0.map { values[$0]! } }
                inner.outputs = node.outputs.map { output in
                    output.map { output in
                        let value = graph.addValue(named: outer.name(of: output))
                        values[output] = value
                        return value
                    }
                }
                graph.nodes.append(inner)
            }
            let inside = Set(members)
            var wanted = Set(outer.outputs)
            for (index, node) in outer.nodes.enumerated() where !inside.contains(index) {
                wanted.formUnion(node.inputs.compactMap(\.self))
            }
            outputs = made.intersection(wanted).sorted()
            graph.outputs = outputs.map { values[$0!]! }
        }
    }
}
