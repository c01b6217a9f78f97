/// Several graphs joined to one: inputs of later graphs take what earlier ones make, by name.
///
/// An input takes the output of its name (or of the name that a wire gives) of the nearest earlier graph that has one; what
/// no graph makes is an input of the whole, and may feed several graphs. The outputs are those of the last graph.
public struct GraphChain: Sendable {
    /// A graph of the chain.
    public struct Part: Sendable {
        public let graph: Graph
        /// What messages call it: the path of its file.
        public let source: String
        /// For inputs that take a tensor of another name: that name by the input's.
        public let wires: [String: String]

        public init(graph: Graph, source: String, wires: [String: String] = [:]) {
            self.graph = graph
            self.source = source
            self.wires = wires
        }
    }

    /// An input that takes an output of an earlier part. Parts are indices of `parts`.
    public struct Wire: Hashable, Sendable {
        public let from: Int
        public let output: String
        public let to: Int
        public let input: String

        public init(from: Int, output: String, to: Int, input: String) {
            self.from = from
            self.output = output
            self.to = to
            self.input = input
        }
    }

    /// Where an input of a part comes from.
    enum Origin: Hashable, Sendable {
        /// The input of the whole with this name.
        case input(String)
        case output(part: Int, name: String)
    }

    public let parts: [Part]
    /// Short names of the parts, each different: the file's name without its extension.
    public let labels: [String]
    /// All of them in one. Names that would occur in it twice have the part's label and a slash before them.
    public let graph: Graph
    public let wires: [Wire]
    /// Outputs that no part takes and that are no outputs of the whole.
    public let unused: [(part: Int, name: String)]
    /// Inputs of the whole whose name is that of an output of a later part: probably the parts are in the wrong order.
    public let takenBeforeMade: [(name: String, part: Int, maker: Int)]
    /// By part and by index of `Graph.inputs`.
    let origins: [[Origin]]

    /// - Parameters:
    ///   - extraOutputs: names of outputs of earlier parts, or of inputs of the whole, that are to be outputs as well; names
    ///     that nothing has are left to others to complain about.
    ///   - suggestion: the end of a sentence that names what a wrong name may have meant, given what is known.
    /// - Throws: where the parts do not fit together by names, numbers of axes, or dtypes that are known by now.
    public init(
        _ parts: [Part], extraOutputs: [String] = [],
        suggestion: (_ name: String, _ known: [String]) -> String = { _, _ in "" }
    ) throws(GraphError) {
        precondition(!parts.isEmpty, "a chain has a part")
        let labels = GraphChain.labels(of: parts.map(\.source))
        let wiring = try ChainWiring(parts, labels: labels, suggestion: suggestion)
        var joining = ChainJoining(parts, labels: labels, wiring: wiring)
        graph = try joining.joined(extraOutputs: extraOutputs)
        self.parts = parts
        self.labels = labels
        origins = wiring.origins
        wires = wiring.wires
        takenBeforeMade = wiring.takenBeforeMade
        unused = GraphChain.unused(parts, wires: wiring.wires, extras: joining.extraOutputs)
    }

    private static func unused(
        _ parts: [Part], wires: [Wire], extras: Set<OutputName>
    ) -> [(part: Int, name: String)] {
        let taken = Set(wires.map { OutputName(part: $0.from, name: $0.output) }).union(extras)
        return parts.dropLast().enumerated().flatMap { index, part in
            part.graph.outputs.map(part.graph.name(of:)).filter {
                !taken.contains(OutputName(part: index, name: $0))
            }.map { (part: index, name: $0) }
        }
    }

    /// File names without extension, numbered where there are several of one.
    static func labels(of sources: [String]) -> [String] {
        var labels: [String] = []
        for source in sources {
            let file = source.split(separator: "/").last.map(String.init) ?? source
            let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
            let base = stem.isEmpty ? "model" : stem
            var label = base
            var number = 2
            while labels.contains(label) {
                label = "\(base)-\(number)"
                number += 1
            }
            labels.append(label)
        }
        return labels
    }
}

/// An output of a part of a chain.
struct OutputName: Hashable {
    let part: Int
    let name: String
}
