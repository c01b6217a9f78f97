internal import Graphs
internal import Kernels
internal import Planning
internal import Tensors

/// How the items of a microbatch lie in one output of the model.
public enum OutputForm: String, Sendable, Codable, Hashable {
    /// The first axis counts the items.
    case rows
    /// The microbatch is one item, and the whole output is its result.
    case whole
}

extension OutputForm {
    /// Finds how each output counts items, and brings those that count them on another axis than the first to that.
    ///
    /// - Parameters:
    ///   - graph: tidied; transpositions are appended to it where needed.
    ///   - bound: the same graph for a full microbatch.
    /// - Returns: one for each output of the graph.
    /// - Throws: where an output has no axis for several items.
    static func find(
        _ graph: inout Graph, bound: BoundGraph, batching: InputBatching, items: ItemForms
    ) throws(JobError) -> [OutputForm] {
        let size = batching.microbatchSize
        let rows = Set(graph.itemInputs.map(\.value).filter { items[graph.name(of: $0)] == .rows })
        // An extent of 1 may be that of a whole item, or of some items and not of others.
        let isPlain = items.whole.isEmpty && (size > 1 || batching.classes.count == 1)
        var forms: [OutputForm] = []
        // Bound when first needed: it tells one item from an extent of 1, and helps where an operator is opaque.
        lazy var largerBound = larger(graph, batching)
        // One item more than one are two.
        lazy var places = (size > 1 ? bound : largerBound).map { ItemAxes($0, itemCount: max(size, 2), inputs: rows) }
        for state in graph.states { try check(state, bound) }
        let states = Set(graph.states.map(\.output))
        for index in graph.outputs.indices {
            let output = graph.outputs[index]
            guard let shape = bound.type(of: output)?.shape else {
                guard size == 1 else {
                    throw JobError(
                        "only the run can tell the shape of output '\(graph.name(of: output))', so the items in it cannot be "
                            + "told apart: \(remedy(graph, size: size))")
                }
                forms.append(.whole)
                continue
            }
            if states.contains(output) || rows.isEmpty {
                forms.append(.whole)
                continue
            }
            let candidates = shape.dimensions.indices.filter { shape[$0] == size }
            if isPlain, size == 1, candidates == [0] {
                forms.append(.rows)
                continue
            }
            let axis: Int?
            var grown: Shape?
            if case .axis(let followed)? = places?[output], candidates.contains(followed) {
                axis = followed
            } else {
                // The axis that grows with the batch. A model that works for one size only says nothing.
                grown = largerBound?.type(of: output)?.shape
                axis = candidates.first { grown != nil && grown!.rank == shape.rank && grown![$0] == size + 1 }
            }
            switch axis {
            case 0?: forms.append(.rows)
            case let axis?:
                bringItemsFirst(index, axis: axis, rank: shape.rank, in: &graph)
                forms.append(.rows)
            case nil where isPlain && candidates.first == 0 && grown == nil: forms.append(.rows)
            case nil where size == 1: forms.append(.whole)
            case nil:
                throw JobError(
                    "output '\(graph.name(of: output))' is \(shape) for \(size) items: no axis counts the items: "
                        + "\(remedy(graph, size: size)), or export a model that keeps the batch")
            }
        }
        return forms
    }

    /// What to do where the results of several items cannot be told apart.
    private static func remedy(_ graph: Graph, size: Int) -> String {
        for input in graph.itemInputs where input.dimensions.first == .fixed(size) {
            return
                "the first axis of input '\(graph.name(of: input.value))' is always \(size); where these are one item, set "
                + "its items to whole and leave schedule.microbatch out"
        }
        return "set schedule.microbatch to 1"
    }

    private static func check(_ state: Graph.CarriedState, _ bound: BoundGraph) throws(JobError) {
        let (made, taken) = (bound.type(of: state.output), bound.type(of: state.input))
        guard made == nil || made != taken else { return }
        throw JobError(
            "output '\(bound.graph.name(of: state.output))' is \(made?.description ?? "of a shape that only the run can tell") "
                + "and cannot be carried into input '\(bound.graph.name(of: state.input))', which is "
                + "\(taken?.description ?? "unknown")")
    }

    /// The graph for one item more; nil where it cannot be.
    private static func larger(_ graph: Graph, _ batching: InputBatching) -> BoundGraph? {
        let representative = batching.representative
        let variant = InputBatching.Variant(
            shapeClass: representative.shapeClass, itemCount: representative.itemCount + 1)
        return try? BoundGraph(
            graph, inputTypes: batching.inputTypes(of: variant), evaluate: ConstantEvaluation.evaluator)
    }

    private static func bringItemsFirst(_ index: Int, axis: Int, rank: Int, in graph: inout Graph) {
        let output = graph.outputs[index]
        let name = graph.name(of: output)
        let permutation = [axis] + (0..<rank).filter { $0 != axis }
        let made = graph.addValue(named: name)
        graph.nodes.append(
            Node(
                name: "\(name)/items-first", operation: .transpose(Transpose(permutation: permutation)),
                inputs: [output], outputs: [made]))
        graph.outputs[index] = made
    }
}
