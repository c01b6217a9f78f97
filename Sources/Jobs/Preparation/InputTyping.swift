internal import Graphs
internal import Planning
internal import Tensors

extension ModelInput {
    /// What a graph says of its inputs.
    static func inputs(of graph: Graph) throws(JobError) -> [ModelInput] {
        var inputs: [ModelInput] = []
        for input in graph.inputs {
            let name = graph.name(of: input.value)
            guard !input.dimensions.isEmpty else {
                throw JobError("input '\(name)' of the model is a scalar: it has no first axis to count items")
            }
            let dimensions: [Int?] = input.dimensions.dropFirst().map {
                if case .fixed(let extent) = $0 { extent } else { nil }
            }
            inputs.append(ModelInput(name: name, dtype: input.dtype, itemDimensions: dimensions))
        }
        return inputs
    }
}

/// Finds the types of a model's inputs from what the model declares, what the items are, and what the user says.
enum InputTyping {
    /// - Parameters:
    ///   - itemTypes: of one item of each input of the graph, in order; held against the model already.
    ///   - dimensions: the user's numbers for symbolic dimensions.
    static func batching(
        _ graph: Graph, itemTypes: [TensorType], itemCount: Int, dimensions: [String: Int], microbatchSize: Int
    ) throws(JobError) -> InputBatching {
        var symbols = dimensions
        var types: [TensorType] = []
        for (input, item) in zip(graph.inputs, itemTypes) {
            let name = graph.name(of: input.value)
            if case .fixed(let extent) = input.dimensions[0] {
                guard extent == microbatchSize else {
                    throw JobError(
                        "input '\(name)' of the model takes exactly \(extent) item\(extent == 1 ? "" : "s") at a time, "
                            + "and the microbatch is \(microbatchSize): set schedule.microbatch to \(extent)")
                }
                guard itemCount % extent == 0 else {
                    throw JobError(
                        "the model takes exactly \(extent) items at a time and \(itemCount) items do not divide by that; "
                            + "export it with a symbolic first dimension")
                }
            }
            try bind(input, name: name, item: item, symbols: &symbols)
            types.append(TensorType(item.dtype, Shape([microbatchSize] + item.shape.dimensions)))
        }
        return InputBatching(fullTypes: types, microbatchSize: microbatchSize, itemCount: itemCount)
    }

    private static func bind(
        _ input: Graph.Input, name: String, item: TensorType, symbols: inout [String: Int]
    ) throws(JobError) {
        for (dimension, extent) in zip(input.dimensions.dropFirst(), item.shape.dimensions) {
            // Some exporters call every extent that they leave open "?"; that makes them no equals.
            guard case .symbol(let symbol) = dimension, symbol != "?" else { continue }
            if let other = symbols[symbol], other != extent {
                throw JobError(
                    "input '\(name)': its items are \(item), so '\(symbol)' is \(extent); by the job's dimensions or "
                        + "another input it is \(other)")
            }
            symbols[symbol] = extent
        }
    }
}
