internal import Graphs
internal import Tensors

/// Brings a model's inputs into the form that jobs run: what the job spec says once and for all becomes a constant,
/// carried state is noted as such, and each other input counts items along its first axis.
enum InputRewriting {
    /// - Returns: the graph, to be tidied and planned.
    static func apply(_ specification: JobSpecification, to graph: Graph) throws(JobError) -> Graph {
        var graph = graph
        try checkDimensions(specification, graph)
        let names = graph.inputs.map { graph.name(of: $0.value) }
        for (name, form) in specification.inputs.sorted(by: { $0.key < $1.key }) {
            guard let index = graph.inputs.firstIndex(where: { graph.name(of: $0.value) == name }) else {
                // Inputs with items are held against the model when they are opened.
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
                graph.constants[input.value] = .tensor(try tensor(constant, for: input, name: name))
            case .carried(let carried): try carry(carried, into: graph.inputs[index], name: name, in: &graph)
            default: continue
            }
        }
        bringItemsFirst(&graph)
        return graph
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

    /// In bytes.
    private static let constantLimit = 1 << 30

    private static func tensor(
        _ constant: JobSpecification.ConstantInput, for input: Graph.Input, name: String
    ) throws(JobError) -> Tensor {
        var extents: [Int] = []
        for dimension in input.dimensions {
            switch dimension {
            case .fixed(let extent): extents.append(extent)
            case .symbol:
                guard input.dimensions.count == 1 else {
                    throw JobError(
                        "inputs.\(name): the model leaves dimensions of this input open "
                            + "(\(input.dimensions.map(\.description).joined(separator: "x"))); a constant needs fixed ones"
                    )
                }
                extents.append(constant.constant.count)
            }
        }
        guard let shape = Shape(checking: extents),
            constant.constant.count == 1 || constant.constant.count == shape.elementCount
        else {
            throw JobError(
                "inputs.\(name): \(constant.constant.count) numbers are given, and the model takes "
                    + "\(extents.isEmpty ? "one" : extents.map(String.init).joined(separator: "x"))")
        }
        // It goes to all ranks with the model.
        let byteCount = TensorType(input.dtype, shape).byteCount
        guard byteCount <= constantLimit else {
            throw JobError(
                "inputs.\(name): the model takes \(input.dtype) \(shape), \(byteCount >> 20) MiB, and a constant may have "
                    + "\(constantLimit >> 20) MiB: store it in the model, or feed it as an array")
        }
        guard
            let numbers = NumberConversion.tensor(constant.constant, input.dtype, Shape([constant.constant.count]))
        else { throw JobError("inputs.\(name): \(constant.constant) cannot be written as \(input.dtype)") }
        if numbers.elementCount == shape.elementCount { return numbers.reshaped(shape) }
        return Tensor(repeating: numbers, shape: shape)
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

    /// Inputs whose batch stands on another axis than the first get it there. The batch is the symbol that is called so,
    /// or else the one that the first axis of the first input has.
    private static func bringItemsFirst(_ graph: inout Graph) {
        let states = Set(graph.states.map(\.input))
        let candidates = graph.inputs.indices.filter { !states.contains(graph.inputs[$0].value) }
        func symbols(_ dimensions: some Sequence<Dimension>) -> [String] {
            dimensions.compactMap { if case .symbol(let symbol) = $0, symbol != "?" { symbol } else { nil } }
        }
        let all = candidates.flatMap { symbols(graph.inputs[$0].dimensions) }
        let first = candidates.flatMap { symbols(graph.inputs[$0].dimensions.prefix(1)) }.first
        guard let batch = all.first(where: { $0.lowercased().contains("batch") }) ?? first else { return }
        for index in candidates {
            let input = graph.inputs[index]
            guard input.dimensions.first != .symbol(batch),
                let axis = input.dimensions.firstIndex(of: .symbol(batch))
            else { continue }
            var dimensions = input.dimensions
            dimensions.insert(dimensions.remove(at: axis), at: 0)
            let name = graph.name(of: input.value)
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
