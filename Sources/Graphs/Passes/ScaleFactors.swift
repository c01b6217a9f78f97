internal import Tensors

/// Follows what scores are scaled with: a number, or a power of a head's extent that is read off a shape.
struct ScaleFactors {
    let graph: PatternGraph
    let ranks: KnownRanks

    /// number * headDim^headDimPower.
    struct Factor {
        var number: Float
        var headDimPower: Float
        /// The values whose last extent was taken for headDim.
        var sources: Set<ValueID>

        static let one = Factor(number: 1, headDimPower: 0, sources: [])

        static func * (a: Factor, b: Factor) -> Factor {
            Factor(
                number: a.number * b.number, headDimPower: a.headDimPower + b.headDimPower,
                sources: a.sources.union(b.sources))
        }

        var inverse: Factor { Factor(number: 1 / number, headDimPower: -headDimPower, sources: sources) }
        var root: Factor { Factor(number: number.squareRoot(), headDimPower: headDimPower / 2, sources: sources) }
    }

    /// The operand of a product with, or a quotient by, a factor.
    func unscaled(_ value: ValueID) -> (value: ValueID, factor: Factor)? {
        if let (left, right) = graph.operands(of: value, .multiply) {
            if let factor = factor(right) { return (left, factor) }
            if let factor = factor(left) { return (right, factor) }
        }
        if let (left, right) = graph.operands(of: value, .divide), let factor = factor(right), factor.number != 0 {
            return (left, factor.inverse)
        }
        return nil
    }

    private func factor(_ value: ValueID, depth: Int = 0) -> Factor? {
        if let number = graph.number(value) { return Factor(number: number, headDimPower: 0, sources: []) }
        guard depth < 12, let node = graph.node(making: value) else { return nil }
        switch node.operation {
        case .cast: return node.inputs[0].flatMap { factor($0, depth: depth + 1) }
        case .unary(let unary) where unary.function == .squareRoot:
            return node.inputs[0].flatMap { factor($0, depth: depth + 1) }?.root
        case .unary(let unary) where unary.function == .reciprocal:
            return node.inputs[0].flatMap { factor($0, depth: depth + 1) }?.inverse
        case .binary(let binary) where binary.function == .multiply || binary.function == .divide:
            guard let left = node.inputs[0].flatMap({ factor($0, depth: depth + 1) }),
                let right = node.inputs[1].flatMap({ factor($0, depth: depth + 1) })
            else { return nil }
            return binary.function == .multiply ? left * right : left * right.inverse
        case .gather, .slice, .shapeOf, .squeeze, .unsqueeze, .reshape: return lastExtent(value, node, depth: depth)
        default: return nil
        }
    }

    /// The last extent of something, as one number.
    private func lastExtent(_ value: ValueID, _ node: Node, depth: Int) -> Factor? {
        switch node.operation {
        case .squeeze, .unsqueeze, .reshape:
            // One number under another shape.
            return node.inputs[0].flatMap { factor($0, depth: depth + 1) }
        default:
            guard let part = ShapePart(of: value, in: graph, ranks: ranks), part.axes.count == 1,
                part.axes.upperBound == part.rank
            else { return nil }
            return Factor(number: 1, headDimPower: 1, sources: [part.source])
        }
    }
}

/// Some neighbouring extents of a value, read off its shape while a model runs.
struct ShapePart {
    let source: ValueID
    let rank: Int
    let axes: Range<Int>

    init?(of value: ValueID, in graph: PatternGraph, ranks: KnownRanks) {
        guard let node = graph.node(making: value), let input = node.inputs.first ?? nil else { return nil }
        switch node.operation {
        case .shapeOf(let shape):
            guard case .extents(let start, let end) = shape.kind, let rank = ranks[input] else { return nil }
            (source, self.rank, axes) = (input, rank, KnownRanks.range(start, end, of: rank))
        case .slice:
            guard let whole = ShapePart(of: input, in: graph, ranks: ranks),
                let range = PatternGraph.sliceRange(node, in: graph.graph, length: whole.axes.count)
            else { return nil }
            (source, rank) = (whole.source, whole.rank)
            axes = (whole.axes.lowerBound + range.lowerBound)..<(whole.axes.lowerBound + range.upperBound)
        case .gather:
            guard let whole = ShapePart(of: input, in: graph, ranks: ranks), node.inputs.count == 2,
                let indices = graph.integers(node.inputs[1]), indices.count == 1
            else { return nil }
            let index = indices[0] < 0 ? indices[0] + whole.axes.count : indices[0]
            guard index >= 0, index < whole.axes.count else { return nil }
            (source, rank) = (whole.source, whole.rank)
            axes = (whole.axes.lowerBound + index)..<(whole.axes.lowerBound + index + 1)
        case .unsqueeze, .squeeze, .cast:
            guard let whole = ShapePart(of: input, in: graph, ranks: ranks), whole.axes.count == 1 else { return nil }
            self = whole
        default: return nil
        }
    }
}
