internal import Tensors

/// Finds the keys behind K^T, in the ways that exporters swap the last two axes.
struct SwappedAxes {
    let graph: PatternGraph
    let ranks: KnownRanks

    struct Keys {
        var key: AttentionMatch.Key
        var layout: Attention.Layout
        var factor: ScaleFactors.Factor
        /// The keys before the axes were swapped, scaled and not.
        var sources: [ValueID]
    }

    /// The keys of `value`, which has them swapped and may be scaled, before or after.
    func unswapped(_ value: ValueID, rank: Int, factors: ScaleFactors) -> Keys? {
        if let plain = factors.unscaled(value), var keys = unswapped(plain.value, rank: rank, factors: factors) {
            keys.factor = keys.factor * plain.factor
            return keys
        }
        guard let (source, layout, extents) = transposed(value, rank: rank) ?? reshaped(value, rank: rank) else {
            return nil
        }
        var keys = Keys(key: .value(source), layout: layout, factor: .one, sources: [source])
        if let extents {
            keys.key = .reshaped(source, extents: extents)
        } else if let plain = factors.unscaled(source), graph.isPrivate(source), ranks[plain.value] == rank {
            keys.key = .value(plain.value)
            keys.factor = plain.factor
            keys.sources.append(plain.value)
        }
        return keys
    }

    private typealias Source = (value: ValueID, layout: Attention.Layout, extents: [Int]?)

    private func transposed(_ value: ValueID, rank: Int) -> Source? {
        guard let node = graph.node(making: value), case .transpose(let transpose) = node.operation,
            let input = node.inputs[0]
        else { return nil }
        switch transpose.permutation {
        case [0, 1, 3, 2] where rank == 4: return (input, .headsFirst, nil)
        // [batch, sequence, heads, headDim] at once to [batch, heads, headDim, sequence].
        case [0, 2, 3, 1] where rank == 4: return (input, .sequenceFirst, nil)
        case [0, 2, 1] where rank == 3: return (input, .headsFirst, nil)
        default: return nil
        }
    }

    /// A swap through three axes: reshaped to [-1, a, b], transposed, and reshaped to [..., b, a].
    private func reshaped(_ value: ValueID, rank: Int) -> Source? {
        guard rank == 4, let last = graph.node(making: value), case .reshape = last.operation, last.inputs.count == 2,
            let middle = graph.node(making: last.inputs[0]), case .transpose(let transpose) = middle.operation,
            transpose.permutation == [0, 2, 1], let first = graph.node(making: middle.inputs[0]),
            case .reshape = first.operation, first.inputs.count == 2, let source = first.inputs[0],
            let flat = first.inputs[1], let final = last.inputs[1]
        else { return nil }
        if let flat = graph.integers(flat), let final = graph.integers(final) {
            // All is known: whatever the source's shape, it holds [final0, final1, a, b] in that order.
            guard flat.count == 3, final.count == 4, flat[1] == final[3], flat[2] == final[2],
                !flat.dropFirst().contains(where: { $0 < 1 }), final[1] >= 1, final[0] != 0
            else { return nil }
            let extents = [final[0], final[1], flat[1], flat[2]]
            return isKnown(source, as: extents) ? (source, .headsFirst, nil) : (source, .headsFirst, extents)
        }
        let extents = (0..<4).map { Part.extent(ExtentSource(source, $0, in: graph)) }
        guard ranks[source] == 4, parts(flat) == [.number(-1), extents[2], extents[3]],
            parts(final) == [extents[0], extents[1], extents[3], extents[2]]
        else { return nil }
        return (source, .headsFirst, nil)
    }

    private enum Part: Equatable {
        case number(Int)
        case extent(ExtentSource)
    }

    /// The parts that a shape is joined from.
    private func parts(_ shape: ValueID) -> [Part]? {
        guard let node = graph.node(making: shape), case .concatenation = node.operation else { return nil }
        var parts: [Part] = []
        for case let input? in node.inputs {
            if let numbers = graph.integers(input), numbers.count == 1 {
                parts.append(.number(numbers[0]))
            } else if let extents = ExtentSource.list(input, in: graph, ranks: ranks) {
                parts += extents.map(Part.extent)
            } else {
                return nil
            }
        }
        return parts
    }

    /// Whether a value is heads taken apart, transposed from [batch, sequence, heads, headDim] of known extents.
    private func isKnown(_ value: ValueID, as extents: [Int]) -> Bool {
        guard let node = graph.node(making: value), case .transpose(let transpose) = node.operation,
            transpose.permutation == [0, 2, 1, 3], let reshape = graph.node(making: node.inputs[0]),
            case .reshape = reshape.operation, let wanted = graph.integers(reshape.inputs.last ?? nil),
            wanted.count == 4
        else { return false }
        return wanted[1] == extents[2] && wanted[2] == extents[1] && wanted[3] == extents[3]
    }
}
