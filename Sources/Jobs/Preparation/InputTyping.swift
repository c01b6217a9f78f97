internal import Graphs
internal import Planning
internal import Tensors

extension ModelInput {
    /// What a graph says of its inputs that items go to.
    static func inputs(of graph: Graph, _ items: ItemForms) throws(JobError) -> [ModelInput] {
        var inputs: [ModelInput] = []
        for input in graph.itemInputs {
            let name = graph.name(of: input.value)
            let form = items[name]
            guard form == .whole || !input.dimensions.isEmpty else {
                throw JobError(
                    "input '\(name)' of the model is a scalar and has no axis to count items: give it a number with "
                        + "inputs: {\(name): {constant: ...}}")
            }
            let dimensions: [Int?] = input.dimensions.dropFirst(form.axisCount).map {
                if case .fixed(let extent) = $0 { extent } else { nil }
            }
            inputs.append(ModelInput(name: name, dtype: input.dtype, itemDimensions: dimensions, form: form))
        }
        return inputs
    }
}

extension JobSpecification.ItemForm {
    /// Axes of an input that count items.
    fileprivate var axisCount: Int { self == .rows ? 1 : 0 }
}

extension Graph {
    /// The inputs that differ from item to item; carried state is none of them.
    var itemInputs: [Input] {
        let carried = Set(states.map(\.input))
        return inputs.filter { !carried.contains($0.value) }
    }
}

/// Finds the types of a model's inputs from what the model declares, what the items are, and what the user says.
struct InputTyping {
    let graph: Graph
    let specification: JobSpecification
    let items: ItemForms
    /// The user's numbers for symbolic dimensions.
    let dimensions: [String: Int]
    let microbatchSize: Int
    let paddingMultiple: Int

    init(_ graph: Graph, _ specification: JobSpecification, items: ItemForms, microbatchSize: Int) {
        self.graph = graph
        self.specification = specification
        self.items = items
        dimensions = specification.dimensions
        self.microbatchSize = microbatchSize
        paddingMultiple = specification.schedule.padding
    }

    /// How the items are grouped into microbatches.
    ///
    /// - Parameters:
    ///   - sources: of the graph's `itemInputs`, in order; checked against the model already.
    ///   - urgencies: by item; empty where none is more urgent than another.
    func batching(
        _ sources: [any InputSource], itemCount: Int, urgencies: [Urgency] = []
    ) throws(JobError) -> InputBatching {
        try checkItemAxes(itemCount: itemCount)
        if let state = graph.states.first, let first = urgencies.first, urgencies.contains(where: { $0 != first }) {
            throw JobError(
                "the model carries '\(graph.name(of: state.input))' from item to item, so that its items are computed in their "
                    + "own order: leave priority and deadline out of the list")
        }
        let grouping = ItemGrouping(microbatchSize: microbatchSize, paddingMultiple: paddingMultiple)
        let padding = sources.map(\.paddingLimits)
        let common = sources.compactMap(\.commonShape)
        let (order, groups) =
            common.count == sources.count && padding.allSatisfy(\.isEmpty) && urgencies.isEmpty
            ? (nil, [ItemGrouping.Group(shapes: common, places: 0..<itemCount)])
            : grouping.groups(
                of: (0..<itemCount).map { item in sources.map { $0.itemShape(item) } }, padding: padding,
                urgencies: urgencies)
        var classes: [InputBatching.ShapeClass] = []
        for group in groups {
            let types = zip(sources, group.shapes).map { TensorType($0.dtype, $1) }
            classes.append(InputBatching.ShapeClass(inputs: try forms(of: types), places: group.places))
        }
        return InputBatching(
            classes: classes, microbatchSize: microbatchSize, itemCount: itemCount, order: order, urgencies: urgencies)
    }

    private func checkItemAxes(itemCount: Int) throws(JobError) {
        guard graph.states.isEmpty || microbatchSize == 1 else {
            throw JobError(
                "the job carries state from item to item, and the microbatch is \(microbatchSize): set "
                    + "schedule.microbatch to 1")
        }
        if let name = items.whole.sorted().first, microbatchSize > 1 {
            throw JobError(
                "an item is the whole of input '\(name)', and the microbatch is \(microbatchSize): a microbatch holds one "
                    + "such item, leave schedule.microbatch out; where the input's first axis counts items, set "
                    + "\(specification.key(of: name)).items to rows")
        }
        for input in graph.itemInputs {
            let name = graph.name(of: input.value)
            guard items[name] == .rows, case .fixed(let extent)? = input.dimensions.first else { continue }
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
    }

    /// The forms of all inputs of the graph for items of these types.
    private func forms(of itemTypes: [TensorType]) throws(JobError) -> [InputBatching.InputForm] {
        var symbols = dimensions
        for (input, item) in zip(graph.itemInputs, itemTypes) {
            if items[graph.name(of: input.value)] == .rows, case .symbol(let batch)? = input.dimensions.first,
                batch != "?"
            {
                symbols[batch] = microbatchSize
            }
            try bind(input, item: item, symbols: &symbols)
        }
        var remaining = itemTypes[...]
        let carried = Set(graph.states.map(\.input))
        var forms: [InputBatching.InputForm] = []
        for input in graph.inputs {
            if carried.contains(input.value) {
                forms.append(InputBatching.InputForm(try stateType(input, symbols), countsItems: false))
            } else {
                forms.append(
                    InputBatching.InputForm(
                        remaining.removeFirst(), countsItems: items[graph.name(of: input.value)] == .rows))
            }
        }
        return forms
    }

    private func bind(
        _ input: Graph.Input, item: TensorType, symbols: inout [String: Int]
    ) throws(JobError) {
        let axes = items[graph.name(of: input.value)].axisCount
        for (dimension, extent) in zip(input.dimensions.dropFirst(axes), item.shape.dimensions) {
            // Some exporters call every extent that they leave open "?"; that does not mean that they are equal.
            guard case .symbol(let symbol) = dimension, symbol != "?" else { continue }
            if let other = symbols[symbol], other != extent {
                throw JobError(
                    "input '\(graph.name(of: input.value))': its items are \(item), so '\(symbol)' is \(extent); by the "
                        + "job's dimensions or another input it is \(other)")
            }
            symbols[symbol] = extent
        }
    }

    private func stateType(_ input: Graph.Input, _ symbols: [String: Int]) throws(JobError) -> TensorType {
        var extents: [Int] = []
        for dimension in input.dimensions {
            switch dimension {
            case .fixed(let extent): extents.append(extent)
            case .symbol(let symbol):
                guard let extent = symbols[symbol] else {
                    throw JobError(
                        "input '\(graph.name(of: input.value))' is carried, and the model leaves its dimension "
                            + "'\(symbol)' open: give it a number under 'dimensions'")
                }
                extents.append(extent)
            }
        }
        guard let shape = Shape(checking: extents) else {
            throw JobError("input '\(graph.name(of: input.value))' cannot have the extents \(extents)")
        }
        return TensorType(input.dtype, shape)
    }
}
