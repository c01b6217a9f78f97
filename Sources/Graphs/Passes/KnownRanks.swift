internal import Tensors

/// The number of axes of each value where it follows from the graph alone, whatever the shapes.
struct KnownRanks {
    /// By `ValueID.index`.
    private var ranks: [Int?]
    /// The number of elements of values of rank 1.
    private var lengths: [Int?]
    private let graph: Graph
    private let producers: [NodeID?]

    init(_ graph: Graph) {
        self.graph = graph
        producers = graph.producers()
        ranks = [Int?](repeating: nil, count: graph.valueNames.count)
        lengths = ranks
        for input in graph.inputs {
            ranks[input.value.index] = input.dimensions.count
            if input.dimensions.count == 1, case .fixed(let extent) = input.dimensions[0] {
                lengths[input.value.index] = extent
            }
        }
        for (value, constant) in graph.constants {
            ranks[value.index] = constant.type.shape.rank
            if constant.type.shape.rank == 1 { lengths[value.index] = constant.type.shape[0] }
        }
        for node in graph.nodes { note(node) }
    }

    subscript(_ value: ValueID) -> Int? { ranks[value.index] }

    private func rank(_ node: Node, _ index: Int) -> Int? {
        guard index < node.inputs.count, let value = node.inputs[index] else { return nil }
        return ranks[value.index]
    }

    private func length(_ node: Node, _ index: Int) -> Int? {
        guard index < node.inputs.count, let value = node.inputs[index] else { return nil }
        return lengths[value.index]
    }

    /// The greatest of all ranks, where all are known.
    private func broadcastRank(_ node: Node) -> Int? {
        var greatest = 0
        for index in node.inputs.indices where node.inputs[index] != nil {
            guard let rank = rank(node, index) else { return nil }
            greatest = max(greatest, rank)
        }
        return greatest
    }

    private mutating func note(_ node: Node) {
        for case let output? in node.outputs { ranks[output.index] = resultRank(node) }
        guard let output = node.outputs.first ?? nil else { return }
        lengths[output.index] = resultLength(node)
        if lengths[output.index] != nil { ranks[output.index] = 1 }
    }

    /// Of all outputs; nil where they differ.
    private func resultRank(_ node: Node) -> Int? {
        switch node.operation {
        case .unary, .cast, .softmax, .split, .slice, .pad, .cumulation, .tile, .identity, .instanceNormalization,
            .groupNormalization, .batchNormalization, .layerNormalization, .concatenation, .convolution,
            .convolutionTranspose, .pooling, .globalPooling, .rotaryEmbedding, .trilu, .scatterElements, .scatterND,
            .cacheUpdate, .localResponseNormalization:
            return rank(node, 0)
        case .binary, .comparison, .choice: return broadcastRank(node)
        case .transpose(let transpose): return transpose.permutation?.count ?? rank(node, 0)
        case .matrixProduct:
            guard let left = rank(node, 0), let right = rank(node, 1), left >= 2, right >= 2 else { return nil }
            return max(left, right)
        case .gemm, .flatten: return 2
        case .reshape: return length(node, 1)
        case .expand:
            guard let own = rank(node, 0), let length = length(node, 1) else { return nil }
            return max(own, length)
        case .unsqueeze:
            guard let rank = rank(node, 0), let added = length(node, 1) else { return nil }
            return rank + added
        case .squeeze:
            guard let rank = rank(node, 0), let dropped = length(node, 1) else { return nil }
            return rank - dropped
        case .gather:
            guard let own = rank(node, 0), let indices = rank(node, 1) else { return nil }
            return own - 1 + indices
        case .gatherElements: return rank(node, 1)
        case .reduction(let reduction) where reduction.keepsDimensions: return rank(node, 0)
        case .reduction:
            guard let rank = rank(node, 0), let folded = length(node, 1) else { return nil }
            return rank - folded
        case .shapeOf(let shape): return shape.kind == .elementCount ? 0 : 1
        case .arithmeticRange: return 1
        case .constantOfShape: return length(node, 0)
        default: return nil
        }
    }

    /// Of the first output, where it has one axis.
    private func resultLength(_ node: Node) -> Int? {
        switch node.operation {
        case .shapeOf(let shape):
            guard case .extents(let start, let end) = shape.kind, let rank = rank(node, 0) else { return nil }
            return KnownRanks.range(start, end, of: rank).count
        case .concatenation where rank(node, 0) == 1:
            var sum = 0
            for index in node.inputs.indices {
                guard let length = length(node, index) else { return nil }
                sum += length
            }
            return sum
        case .slice where rank(node, 0) == 1:
            guard let length = length(node, 0), let range = PatternGraph.sliceRange(node, in: graph, length: length)
            else { return nil }
            return range.count
        case .unsqueeze where rank(node, 0) == 0 && length(node, 1) == 1: return 1
        case .reshape where length(node, 1) == 1:
            // From a scalar, or from something as long.
            return rank(node, 0) == 0 ? 1 : rank(node, 0) == 1 ? length(node, 0) : nil
        case .cast, .unary, .identity: return length(node, 0)
        case .binary, .choice:
            guard broadcastRank(node) == 1 else { return nil }
            let known = node.inputs.indices.map { rank(node, $0) == 0 ? 1 : length(node, $0) }
            return known.contains(nil) ? nil : known.compactMap { $0 }.max()
        case .constantOfShape where length(node, 0) == 1:
            guard let shape = node.inputs[0], let tensor = graph.constants[shape]?.tensor, tensor.dtype == .int64 else {
                // Filled to the length of a shape: `ConstantOfShape(Shape(x))` with x of rank 1.
                return lengthOfShaped(node)
            }
            return Int(exactly: tensor.elements(of: Int64.self)[0])
        default: return nil
        }
    }

    private func lengthOfShaped(_ node: Node) -> Int? {
        guard let shape = node.inputs[0],
            let maker = producers[shape.index].map({ graph.nodes[$0.index] }), case .shapeOf = maker.operation
        else { return nil }
        return length(maker, 0)
    }

    /// Axes from `start` to before `end`, as NumPy slices.
    static func range(_ start: Int, _ end: Int?, of count: Int) -> Range<Int> {
        func clamp(_ axis: Int) -> Int {
            min(max(axis < 0 ? axis.addingReportingOverflow(count).partialValue : axis, 0), count)
        }
        let first = clamp(start)
        return first..<max(first, clamp(end ?? count))
    }
}
