internal import FoundationEssentials
internal import Graphs
internal import Tensors

extension Fingerprint {
    /// Hashes a canonical text of the graph: names, operators with their attributes, types, and constants in memory.
    /// Weights that still lie in a file count by type, so that no weight is read for it.
    init(of graph: Graph) throws {
        self.init()
        try add(graph)
    }

    private mutating func add(_ graph: Graph) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        for input in graph.inputs {
            add("input \(graph.name(of: input.value)) \(input.dtype) \(input.dimensions)")
        }
        for value in graph.parameters { add("parameter \(graph.name(of: value))") }
        for value in graph.constants.keys.sorted() {
            guard let constant = graph.constants[value] else { continue }
            add("constant \(graph.name(of: value)) \(constant.type)")
            if let tensor = constant.tensor { tensor.withBytes { add($0) } }
        }
        for node in graph.nodes {
            add("node \(node.name)")
            var operation = node.operation
            let bodies = operation.bodies
            // Bodies hold constants too, which count in the same way.
            operation.bodies = bodies.map { Graph(name: $0.name) }
            add(try encoder.encode(operation))
            for body in bodies { try add(body) }
            for value in node.inputs + node.outputs { add(value.map(graph.name(of:)) ?? "") }
        }
        for output in graph.outputs { add("output \(graph.name(of: output))") }
    }
}
