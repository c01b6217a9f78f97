/// An extent that is read off a shape while a model runs: an axis of a value that no transpose made.
struct ExtentSource: Hashable {
    let value: ValueID
    let axis: Int

    /// The extent of `value` along `axis`, followed back through transposes.
    init(_ value: ValueID, _ axis: Int, in graph: PatternGraph) {
        var (value, axis) = (value, axis)
        while let node = graph.node(making: value), case .transpose(let transpose) = node.operation,
            let permutation = transpose.permutation, permutation.indices.contains(axis), let input = node.inputs[0]
        {
            (value, axis) = (input, permutation[axis])
        }
        (self.value, self.axis) = (value, axis)
    }

    /// The extents that a value holds, where it holds nothing else.
    static func list(_ value: ValueID, in graph: PatternGraph, ranks: KnownRanks) -> [ExtentSource]? {
        guard let node = graph.node(making: value), let input = node.inputs.first ?? nil else { return nil }
        switch node.operation {
        case .shapeOf(let shape):
            guard case .extents(let start, let end) = shape.kind, let rank = ranks[input] else { return nil }
            return KnownRanks.range(start, end, of: rank).map { ExtentSource(input, $0, in: graph) }
        case .slice:
            guard let whole = list(input, in: graph, ranks: ranks),
                let range = PatternGraph.sliceRange(node, in: graph.graph, length: whole.count)
            else { return nil }
            return Array(whole[range])
        case .gather:
            guard let whole = list(input, in: graph, ranks: ranks), node.inputs.count == 2,
                let indices = graph.integers(node.inputs[1])
            else { return nil }
            let places = indices.map { $0 < 0 ? $0 + whole.count : $0 }
            return places.allSatisfy(whole.indices.contains) ? places.map { whole[$0] } : nil
        case .unsqueeze, .squeeze, .cast:
            guard let whole = list(input, in: graph, ranks: ranks), whole.count == 1 else { return nil }
            return whole
        default: return nil
        }
    }
}
