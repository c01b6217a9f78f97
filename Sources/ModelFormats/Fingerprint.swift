internal import FoundationEssentials
internal import Graphs
internal import Tensors

/// A 64-bit FNV-1a hash, fed piece by piece (http://www.isthe.com/chongo/tech/comp/fnv/).
public struct Fingerprint: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    }

    /// A piece of text with an end that no text contains, so that "ab", "c" differs from "a", "bc".
    public mutating func add(_ text: String) {
        add(text.utf8)
        add(CollectionOfOne(0xFF))
    }

    public var hexadecimal: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension Fingerprint {
    /// Hashes a canonical text of the graph: names, operators with their attributes, types, and constants at hand.
    /// Weights that still lie in a file count by type, so that no weight is read for it.
    init(of graph: Graph) throws {
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
