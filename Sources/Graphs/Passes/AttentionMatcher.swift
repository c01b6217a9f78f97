internal import Tensors

/// Looks for attention backwards from the product of probabilities and values.
struct AttentionMatcher {
    private let graph: PatternGraph
    private let ranks: KnownRanks
    private let keys: SwappedAxes
    private let factors: ScaleFactors

    init(_ graph: Graph) {
        self.graph = PatternGraph(graph)
        ranks = KnownRanks(graph)
        keys = SwappedAxes(graph: self.graph, ranks: ranks)
        factors = ScaleFactors(graph: self.graph, ranks: ranks)
    }

    /// The scores before the soft maximum: scale * Q * K^T, masked.
    private struct Scores {
        var query: ValueID
        var swappedKey: ValueID
        var scale: ScaleFactors.Factor
        var mask: AttentionMatch.Mask?
        /// Of the mask, to tell whether it has an axis for the heads.
        var maskRank: Int?
        /// Intermediate values.
        var values: [ValueID]
    }

    func attention(endingAt index: Int) -> AttentionMatch? {
        let node = graph.graph.nodes[index]
        guard case .matrixProduct(let product) = node.operation, product.activation == nil, node.inputs.count == 2,
            let weights = node.inputs[0], let value = node.inputs[1], let rank = ranks[value], rank == 3 || rank == 4
        else { return nil }
        var made: [ValueID] = []
        let (probabilities, zeroesEmptyRows) = unguarded(weights, &made)
        guard let softmax = graph.node(making: probabilities), case .softmax(let attributes) = softmax.operation,
            // For the last axis, the rule before opset 13 is the same.
            attributes.kind == .softmax, attributes.axis == -1 || attributes.axis == rank - 1,
            let input = softmax.inputs[0], let scores = scores(input)
        else { return nil }
        made += [probabilities] + scores.values
        guard ranks[scores.query] == rank, graph.areClosed(made, last: index) else { return nil }

        var match = AttentionMatch(
            attributes: Attention(zeroesEmptyRows: zeroesEmptyRows), query: scores.query, key: .value(scores.query),
            value: value, mask: scores.mask)
        var scale = scores.scale
        if let plain = factors.unscaled(scores.query), graph.isPrivate(scores.query), ranks[plain.value] == rank {
            match.query = plain.value
            scale = scale * plain.factor
        }
        guard let key = keys.unswapped(scores.swappedKey, rank: rank, factors: factors) else { return nil }
        scale = scale * key.factor
        match.key = key.key
        match.attributes.keyLayout = key.layout
        switch (scale.headDimPower, scale.number) {
        case (0, let number): match.attributes.scale = number
        case (-0.5, 1):
            // What is divided by the root of a head's extent must take that extent from these very operands.
            let own = ([match.query, scores.query] + key.sources).map { ExtentSource($0, rank - 1, in: graph) }
            guard scale.sources.isSubset(of: own) else { return nil }
            match.attributes.scale = nil
        default: return nil
        }
        if rank == 3 {
            // [batch * heads, sequence, headDim] is a batch of single heads.
            match.attributes.queryHeads = 1
            match.attributes.keyHeads = 1
            if let mask = match.mask {
                guard let maskRank = scores.maskRank, maskRank <= 3 else { return nil }
                if maskRank == 3 { match.mask = .withHeads(mask) }
            }
        }
        return match
    }

    /// Takes off what puts zeros in place of the NaN of rows that are masked as a whole.
    private func unguarded(_ value: ValueID, _ made: inout [ValueID]) -> (ValueID, Bool) {
        guard let node = graph.node(making: value), case .choice = node.operation, node.inputs.count == 3,
            let test = node.inputs[0], graph.number(node.inputs[1]) == 0, let kept = node.inputs[2],
            graph.operand(of: test, .isNaN) == kept
        else { return (value, false) }
        made += [value, test]
        return (kept, true)
    }

    private func scores(_ value: ValueID, depth: Int = 0) -> Scores? {
        guard depth < 6, let node = graph.node(making: value) else { return nil }
        switch node.operation {
        case .matrixProduct(let product) where product.activation == nil && node.inputs.count == 2:
            guard let query = node.inputs[0], let key = node.inputs[1] else { return nil }
            return Scores(query: query, swappedKey: key, scale: .one, mask: nil, maskRank: nil, values: [value])
        case .binary(let binary) where binary.function == .multiply || binary.function == .divide:
            guard let plain = factors.unscaled(value), var scores = scores(plain.value, depth: depth + 1),
                scores.mask == nil
            else { return nil }
            scores.scale = scores.scale * plain.factor
            scores.values.append(value)
            return scores
        case .binary(let binary) where binary.function == .add:
            for (inner, mask) in graph.orders(of: value, .add) {
                guard var scores = scores(inner, depth: depth + 1) else { continue }
                switch scores.mask {
                case nil:
                    scores.mask = .value(mask)
                    scores.maskRank = ranks[mask]
                case .value(let first):
                    // Positions first, then a mask.
                    scores.mask = .sum(first, mask)
                    scores.maskRank = scores.maskRank.flatMap { own in ranks[mask].map { max(own, $0) } }
                default: continue
                }
                scores.values.append(value)
                return scores
            }
            return nil
        case .choice: return chosen(value, node, depth: depth)
        default: return nil
        }
    }

    /// Scores that a condition replaces by a number so low that nothing is left of them.
    private func chosen(_ value: ValueID, _ node: Node, depth: Int) -> Scores? {
        guard node.inputs.count == 3, let flags = node.inputs[0], let first = node.inputs[1],
            let second = node.inputs[2]
        else { return nil }
        for (inner, low, keepsTrue) in [(first, second, true), (second, first, false)] {
            // Above this the score that was there would still change the sum with the number.
            guard let number = graph.number(low), number <= -1e30, var scores = scores(inner, depth: depth + 1),
                scores.mask == nil
            else { continue }
            scores.mask =
                number == -.infinity
                ? .flags(flags, keepsTrue: keepsTrue)
                : .numbers(flags, whereTrue: !keepsTrue, number: number)
            scores.maskRank = ranks[flags]
            scores.values.append(value)
            return scores
        }
        return nil
    }
}
