internal import Tensors

/// Follows what scores are scaled with: a number, or a power of a head's extent that is read off a shape.
struct ScaleFactors {
    let graph: PatternGraph
    let ranks: KnownRanks

    /// number * headDim^headDimPower.
    struct Factor {
        var number: Float
        var headDimPower: Float
        /// The extents that were taken for headDim.
        var sources: Set<ExtentSource>

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
        case .gather, .slice, .shapeOf, .squeeze, .unsqueeze, .reshape: return extent(value, node, depth: depth)
        default: return nil
        }
    }

    /// An extent of something, as one number.
    private func extent(_ value: ValueID, _ node: Node, depth: Int) -> Factor? {
        switch node.operation {
        case .squeeze, .unsqueeze, .reshape:
            // One number under another shape.
            return node.inputs[0].flatMap { factor($0, depth: depth + 1) }
        default:
            guard let extents = ExtentSource.list(value, in: graph, ranks: ranks), extents.count == 1 else {
                return nil
            }
            return Factor(number: 1, headDimPower: 1, sources: Set(extents))
        }
    }
}
