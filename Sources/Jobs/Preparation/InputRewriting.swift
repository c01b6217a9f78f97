internal import Graphs
internal import Tensors

/// Brings a model's inputs into the form that jobs run: what the job spec sets for all items becomes a constant,
/// carried state is noted as such, and each other input counts items along its first axis.
enum InputRewriting {
    /// - Returns: the graph, to be tidied and planned, and what an item is of each of its inputs.
    static func apply(
        _ specification: JobSpecification, to graph: Graph
    ) throws(JobError) -> (graph: Graph, items: ItemForms) {
        var graph = graph
        try checkDimensions(specification, graph)
        let names = graph.inputs.map { graph.name(of: $0.value) }
        for (name, form) in specification.inputs.sorted(by: { $0.key < $1.key }) {
            guard let index = graph.inputs.firstIndex(where: { graph.name(of: $0.value) == name }) else {
                // Inputs with items are checked against the model when they are opened.
                switch form {
                case .constant, .carried:
                    throw JobError(
                        "inputs.\(name): the model has no such input\(NearestName.choice(name, among: names))")
                default: continue
                }
            }
            switch form {
            case .constant(let constant):
                let input = graph.inputs.remove(at: index)
                graph.constants[input.value] = .tensor(
                    try ConstantInput.tensor(
                        constant, for: input, name: name, dimensions: specification.dimensions))
            case .carried(let carried): try carry(carried, into: graph.inputs[index], name: name, in: &graph)
            default: continue
            }
        }
        let items = ItemForms(specification, graph)
        bringItemsFirst(&graph, items)
        return (graph, items)
    }

    /// Throws for numbers of dimensions that the model has not.
    private static func checkDimensions(_ specification: JobSpecification, _ graph: Graph) throws(JobError) {
        var known: Set<String> = []
        for case .symbol(let symbol) in graph.inputs.lazy.map(\.dimensions).joined() where symbol != "?" {
            known.insert(symbol)
        }
        for name in specification.dimensions.keys.sorted() where !known.contains(name) {
            throw JobError(
                "dimensions.\(name): the model has no input with such a dimension"
                    + (known.isEmpty
                        ? " (all of them are fixed): leave it out" : NearestName.choice(name, among: known.sorted())))
        }
    }

    private static func carry(
        _ carried: JobSpecification.CarriedInput, into input: Graph.Input, name: String, in graph: inout Graph
    ) throws(JobError) {
        let outputs = graph.outputs.map(graph.name(of:))
        guard let index = outputs.firstIndex(of: carried.carried) else {
            throw JobError(
                "inputs.\(name): the model has no output '\(carried.carried)'"
                    + NearestName.choice(carried.carried, among: outputs))
        }
        let output = graph.outputs[index]
        guard !graph.states.contains(where: { $0.output == output }) else {
            throw JobError("inputs.\(name): output '\(carried.carried)' is carried into another input already")
        }
        graph.states.append(Graph.CarriedState(input: input.value, output: output))
    }

    /// Inputs whose items are counted by another axis than the first are transposed so that the first counts them.
    private static func bringItemsFirst(_ graph: inout Graph, _ items: ItemForms) {
        let states = Set(graph.states.map(\.input))
        guard let batch = ItemForms.batch(graph, whole: items.whole) else { return }
        for index in graph.inputs.indices where !states.contains(graph.inputs[index].value) {
            let input = graph.inputs[index]
            let name = graph.name(of: input.value)
            guard items[name] == .rows, input.dimensions.first != .symbol(batch),
                let axis = input.dimensions.firstIndex(of: .symbol(batch))
            else { continue }
            var dimensions = input.dimensions
            dimensions.insert(dimensions.remove(at: axis), at: 0)
            let fed = graph.addValue(named: name)
            graph.inputs[index] = Graph.Input(value: fed, dtype: input.dtype, dimensions: dimensions)
            var permutation = Array(1...axis)
            permutation.append(0)
            permutation += Array(axis + 1..<dimensions.count)
            graph.nodes.insert(
                Node(
                    name: "\(name)/items-inside", operation: .transpose(Transpose(permutation: permutation)),
                    inputs: [fed], outputs: [input.value]), at: 0)
        }
    }
}
