/// The making of one graph out of the parts of a chain.
struct ChainJoining {
    private let parts: [GraphChain.Part]
    private let labels: [String]
    private let wiring: ChainWiring
    private var graph: Graph
    /// By part: the value of the whole that represents each value of the part.
    private var values: [[ValueID]] = []
    private var inputs: [String: ValueID] = [:]
    private var valueNames: Set<String> = []
    private var nodeNames: Set<String> = []
    /// Outputs of the whole keep their names, or are called as they were asked for.
    private var outputNames: [OutputName: String] = [:]
    /// Outputs of earlier parts that are outputs of the whole.
    private(set) var extraOutputs: Set<OutputName> = []

    init(_ parts: [GraphChain.Part], labels: [String], wiring: ChainWiring) {
        self.parts = parts
        self.labels = labels
        self.wiring = wiring
        graph = Graph(name: labels.joined(separator: "+"))
    }

    mutating func joined(extraOutputs wanted: [String]) throws(GraphError) -> Graph {
        try addInputs()
        let last = parts.count - 1
        for output in parts[last].graph.outputs {
            let name = parts[last].graph.name(of: output)
            outputNames[OutputName(part: last, name: name)] = name
        }
        var extras: [(name: String, output: OutputName?)] = []
        for name in wanted where !outputNames.values.contains(name) {
            if let output = wiring.output(named: name, before: last) {
                outputNames[output] = name
                extraOutputs.insert(output)
                extras.append((name, output))
            } else if inputs[name] != nil {
                extras.append((name, nil))
            }
        }
        valueNames.formUnion(outputNames.values)
        for part in parts.indices { add(part) }
        for output in parts[last].graph.outputs {
            addOutput(values[last][output.index], named: parts[last].graph.name(of: output))
        }
        for (name, output) in extras {
            addOutput(output.map { value(of: $0) } ?? inputs[name]!, named: name)
        }
        for (output, name) in outputNames {
            graph.columnNames[name] = parts[output.part].graph.columnNames[output.name]
        }
        return graph
    }

    private func value(of output: OutputName) -> ValueID {
        let graph = parts[output.part].graph
        let index = graph.outputs.first { graph.name(of: $0) == output.name }!
        return values[output.part][index.index]
    }

    // MARK: Inputs

    /// One input for each name, with what is known of its type from every part that takes it.
    private mutating func addInputs() throws(GraphError) {
        var order: [String] = []
        var merged: [String: (input: Graph.Input, part: Int)] = [:]
        for (index, part) in parts.enumerated() {
            for (input, origin) in zip(part.graph.inputs, wiring.origins[index]) {
                guard case .input(let name) = origin else { continue }
                guard let (other, owner) = merged[name] else {
                    merged[name] = (input, index)
                    order.append(name)
                    continue
                }
                guard let both = ChainJoining.merged(other, input) else {
                    throw GraphError(
                        "input '\(name)' feeds two models that do not agree on it: \(parts[owner].source) takes "
                            + "\(other.text), \(part.source) takes \(input.text)")
                }
                merged[name] = (both, owner)
            }
        }
        for name in order {
            let input = merged[name]!.input
            inputs[name] = graph.addInput(named: name, dtype: input.dtype, dimensions: input.dimensions)
            valueNames.insert(name)
        }
    }

    /// What both take; nil where there is no such thing. A number says more than a symbol.
    private static func merged(_ first: Graph.Input, _ second: Graph.Input) -> Graph.Input? {
        guard first.dtype == second.dtype, first.dimensions.count == second.dimensions.count else { return nil }
        var dimensions: [Dimension] = []
        for pair in zip(first.dimensions, second.dimensions) {
            switch pair {
            case (.fixed(let one), .fixed(let other)) where one != other: return nil
            case (.symbol, .fixed): dimensions.append(pair.1)
            default: dimensions.append(pair.0)
            }
        }
        return Graph.Input(value: first.value, dtype: first.dtype, dimensions: dimensions)
    }

    // MARK: Nodes and constants

    private mutating func add(_ part: Int) {
        let source = parts[part].graph
        var map = [ValueID?](repeating: nil, count: source.valueNames.count)
        for (input, origin) in zip(source.inputs, wiring.origins[part]) {
            map[input.value.index] =
                switch origin {
                case .input(let name): inputs[name]!
                case .output(let maker, let name): value(of: OutputName(part: maker, name: name))
                }
        }
        let isOutput = Set(source.outputs)
        for index in map.indices where map[index] == nil {
            let name = source.valueNames[index]
            let kept = isOutput.contains(ValueID(index)) ? outputNames[OutputName(part: part, name: name)] : nil
            map[index] = graph.addValue(named: kept ?? unique(name, part: part, among: &valueNames))
        }
        let complete = map.map { $0! }
        for (value, constant) in source.constants { graph.constants[complete[value.index]] = constant }
        for node in source.nodes {
            graph.nodes.append(
                Node(
                    name: unique(node.name, part: part, among: &nodeNames), operation: node.operation,
                    inputs: node.inputs.map { $0.map { complete[$0.index] } },
                    outputs: node.outputs.map { $0.map { complete[$0.index] } }))
        }
        values.append(complete)
    }

    private func unique(_ name: String, part: Int, among taken: inout Set<String>) -> String {
        if taken.insert(name).inserted { return name }
        let base = "\(labels[part])/\(name)"
        var result = base
        var number = 2
        while !taken.insert(result).inserted {
            result = "\(base).\(number)"
            number += 1
        }
        return result
    }

    /// An output is a value of its own that has the output's name: what a part hands through is copied.
    private mutating func addOutput(_ value: ValueID, named name: String) {
        guard graph.outputs.contains(value) || graph.name(of: value) != name else {
            graph.outputs.append(value)
            return
        }
        let copy = graph.addValue(named: name)
        graph.nodes.append(
            Node(
                name: unique(name, part: parts.count - 1, among: &nodeNames), operation: .identity(Identity()),
                inputs: [value], outputs: [copy]))
        graph.outputs.append(copy)
    }
}

extension Graph.Input {
    /// "float32 batchx3x8x8"
    var text: String {
        dimensions.isEmpty ? "\(dtype) scalar" : "\(dtype) \(dimensions.map(\.description).joined(separator: "x"))"
    }
}
