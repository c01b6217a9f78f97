/// Who takes what in a chain, found by names alone.
struct ChainWiring {
    private(set) var origins: [[GraphChain.Origin]] = []
    private(set) var wires: [GraphChain.Wire] = []
    private(set) var takenBeforeMade: [(name: String, part: Int, maker: Int)] = []

    private let parts: [GraphChain.Part]
    private let labels: [String]
    private let outputNames: [[String]]
    /// Names of the inputs of the whole so far.
    private var inputs: Set<String> = []

    init(
        _ parts: [GraphChain.Part], labels: [String], suggestion: (String, [String]) -> String
    ) throws(GraphError) {
        self.parts = parts
        self.labels = labels
        outputNames = parts.map { part in part.graph.outputs.map(part.graph.name(of:)) }
        for (index, part) in parts.enumerated() {
            let names = part.graph.inputs.map { part.graph.name(of: $0.value) }
            for name in part.wires.keys.sorted() where !names.contains(name) {
                throw GraphError(
                    "\(part.source) has no input '\(name)' to wire\(suggestion(name, names)) "
                        + "(it has \(names.joined(separator: ", ")))")
            }
            // Inputs of the whole first, so that a wire may name one that comes later in the same part.
            for name in names where part.wires[name] == nil && output(named: name, before: index) == nil {
                inputs.insert(name)
                if let maker = parts.indices.first(where: { $0 > index && outputNames[$0].contains(name) }) {
                    takenBeforeMade.append((name, index, maker))
                }
            }
            var found: [GraphChain.Origin] = []
            for name in names { found.append(try origin(of: name, part: index, suggestion)) }
            origins.append(found)
        }
    }

    /// The nearest output before a part with this name, which may have a label and a slash before it.
    func output(named name: String, before part: Int) -> OutputName? {
        for index in (0..<part).reversed() {
            if outputNames[index].contains(name) { return OutputName(part: index, name: name) }
            let prefix = labels[index] + "/"
            if name.hasPrefix(prefix), outputNames[index].contains(String(name.dropFirst(prefix.count))) {
                return OutputName(part: index, name: String(name.dropFirst(prefix.count)))
            }
        }
        return nil
    }

    private mutating func origin(
        of input: String, part: Int, _ suggestion: (String, [String]) -> String
    ) throws(GraphError) -> GraphChain.Origin {
        let wanted = parts[part].wires[input] ?? input
        if let output = output(named: wanted, before: part) {
            wires.append(GraphChain.Wire(from: output.part, output: output.name, to: part, input: input))
            return .output(part: output.part, name: output.name)
        }
        if inputs.contains(wanted) { return .input(wanted) }
        if let maker = parts.indices.first(where: { $0 >= part && outputNames[$0].contains(wanted) }) {
            let remedy = maker == part ? "a model cannot feed itself" : "models run in the order given; put it before"
            throw GraphError(
                "input '\(input)' of \(parts[part].source) is wired to '\(wanted)', which \(parts[maker].source) makes: "
                    + remedy)
        }
        let known = outputNames[..<part].flatMap { $0 } + inputs.sorted()
        throw GraphError(
            "input '\(input)' of \(parts[part].source) is wired to '\(wanted)', which no model before it makes"
                + "\(suggestion(wanted, known)) (there are \(known.joined(separator: ", ")))")
    }
}
