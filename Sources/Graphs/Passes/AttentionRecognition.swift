internal import Tensors

/// Finds scaled dot-product attention that a model spells out in matrix products, a soft maximum and what scales and
/// masks the scores between them.
public enum AttentionRecognition {
    /// The graph with one node for each, and how many were found.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var builder = AttentionBuilder(graph)
        var count = 0
        let matcher = AttentionMatcher(graph)
        for (index, node) in graph.nodes.enumerated() {
            if let match = matcher.attention(endingAt: index) {
                builder.add(match, inPlaceOf: node)
                count += 1
            } else {
                builder.graph.nodes.append(node)
            }
        }
        return (builder.graph, count)
    }
}

/// What takes the place of the nodes of an attention.
struct AttentionMatch {
    /// K as it is before its last two axes were swapped.
    enum Key {
        case value(ValueID)
        /// A value that has these extents, heads first, under another shape.
        case reshaped(ValueID, extents: [Int])
    }

    enum Mask {
        case value(ValueID)
        /// Both are added.
        case sum(ValueID, ValueID)
        /// True where a pair takes part, or does not.
        case flags(ValueID, keepsTrue: Bool)
        /// `number` where the flags hold (or do not), 0 elsewhere.
        case numbers(ValueID, whereTrue: Bool, number: Float)
        /// With an axis to be put in for the heads.
        indirect case withHeads(Mask)
    }

    var attributes: Attention
    var query: ValueID
    var key: Key
    var value: ValueID
    var mask: Mask?
}

/// Puts attentions into a graph, and before them the nodes that their operands need.
private struct AttentionBuilder {
    var graph: Graph
    /// Of the node that is being replaced.
    private var name = ""
    /// Layers share what they add to their scores: positions and a mask are summed once for all.
    private var sums: [[ValueID]: ValueID] = [:]

    /// Begins with all of a graph but its nodes.
    init(_ graph: Graph) {
        self.graph = graph
        self.graph.nodes = []
    }

    mutating func add(_ match: AttentionMatch, inPlaceOf node: Node) {
        name = node.name
        var node = node
        node.operation = .attention(match.attributes)
        node.inputs = [match.query, value(match.key), match.value]
        if let mask = match.mask { node.inputs.append(value(mask, heads: match.attributes.queryHeads)) }
        graph.nodes.append(node)
    }

    private mutating func value(_ key: AttentionMatch.Key) -> ValueID {
        switch key {
        case .value(let value): return value
        case .reshaped(let value, let extents):
            let shape = graph.addConstant(
                named: "\(name)/key_shape", .tensor(Tensor(extents.map { Int64($0) })))
            return graph.addNode(named: "\(name)/key", .reshape(Reshape()), [value, shape])
        }
    }

    private mutating func value(_ mask: AttentionMatch.Mask, heads: Int?) -> ValueID {
        switch mask {
        case .value(let value): return value
        case .sum(let first, let second):
            if let sum = sums[[first, second]] { return sum }
            let sum = graph.addNode(named: "\(name)/mask", .binary(Binary(.add)), [first, second])
            sums[[first, second]] = sum
            return sum
        case .flags(let value, keepsTrue: true): return value
        case .flags(let value, keepsTrue: false):
            return graph.addNode(named: "\(name)/mask", .unary(Unary(.logicalNot)), [value])
        case .numbers(let flags, let whereTrue, let number):
            let number = graph.addConstant(named: "\(name)/masked", .tensor(Tensor(scalar: number)))
            let zero = graph.addConstant(named: "\(name)/kept", .tensor(Tensor(scalar: Float(0))))
            return graph.addNode(
                named: "\(name)/mask", .choice(Choice()), [flags] + (whereTrue ? [number, zero] : [zero, number]))
        case .withHeads(let mask):
            let value = value(mask, heads: heads)
            let axes = graph.addConstant(named: "\(name)/mask_axis", .tensor(Tensor([Int64(1)])))
            return graph.addNode(named: "\(name)/mask_heads", .unsqueeze(Unsqueeze()), [value, axes])
        }
    }
}
