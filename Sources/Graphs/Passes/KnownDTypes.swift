internal import Tensors

/// The dtype of each value where it follows from the graph alone.
struct KnownDTypes {
    /// By `ValueID.index`.
    private var dtypes: [DType?]

    init(_ graph: Graph) {
        dtypes = [DType?](repeating: nil, count: graph.valueNames.count)
        for input in graph.inputs { dtypes[input.value.index] = input.dtype }
        for (value, constant) in graph.constants { dtypes[value.index] = constant.type.dtype }
        for node in graph.nodes {
            guard let output = node.outputs.first ?? nil else { continue }
            let dtype = result(node)
            dtypes[output.index] = dtype
            // Parts of one tensor are alike; other further outputs are not asked for.
            guard case .split = node.operation else { continue }
            for case let output? in node.outputs { dtypes[output.index] = dtype }
        }
    }

    subscript(_ value: ValueID) -> DType? { dtypes[value.index] }

    /// Of the first output.
    private func result(_ node: Node) -> DType? {
        func operand(_ index: Int) -> DType? {
            index < node.inputs.count ? node.inputs[index].flatMap { dtypes[$0.index] } : nil
        }
        switch node.operation {
        case .unary(let unary) where unary.function == .isNaN || unary.function == .isInfinite: return .bool
        case .comparison: return .bool
        case .cast(let cast): return cast.target
        case .choice, .constantOfShape: return operand(1)
        case .shapeOf: return .int64
        case .unary, .binary, .convolution, .convolutionTranspose, .matrixProduct, .gemm, .attention,
            .rotaryEmbedding, .globalPooling, .batchNormalization, .softmax, .instanceNormalization,
            .groupNormalization, .layerNormalization, .concatenation, .split, .slice, .pad, .reshape, .flatten,
            .squeeze, .unsqueeze, .transpose, .expand, .gather, .gatherElements, .gatherND, .tile, .identity:
            return operand(0)
        case .reduction(let reduction) where reduction.kind != .indexOfMaximum && reduction.kind != .indexOfMinimum:
            return operand(0)
        default: return nil
        }
    }
}
