internal import Graphs
internal import Tensors

extension ONNXOperator {
    static let transformers: [String: ONNXOperator] = [
        "Attention": ONNXOperator([23, 24, 25], inputs: 3...7, outputs: 1...4) {
            node, assembly throws(ConversionError) in
            try attention(node, &assembly)
        },
        "RotaryEmbedding": ONNXOperator([23], inputs: 3...4) { node, assembly throws(ConversionError) in
            let rotated = try node.int("rotary_embedding_dim") ?? 0
            guard rotated >= 0 else { throw .malformed("rotary_embedding_dim is \(rotated)") }
            // Operands with four axes tell their heads themselves.
            let heads = try node.int("num_heads") ?? 0
            let attributes = RotaryEmbedding(
                isInterleaved: try node.flag("interleaved"), rotated: rotated == 0 ? nil : rotated,
                heads: heads > 0 ? heads : nil)
            assembly.finish(node, .rotaryEmbedding(attributes), node.inputs)
        },
        "LinearAttention": ONNXOperator([27], inputs: 3...6, outputs: 1...2) {
            node, assembly throws(ConversionError) in
            try linearAttention(node, &assembly)
        },
        "CausalConvWithState": ONNXOperator([27], inputs: 2...4, outputs: 1...2) {
            node, assembly throws(ConversionError) in
            let appliesSilu: Bool
            switch try node.string("activation") ?? "none" {
            case "none": appliesSilu = false
            case "silu", "swish": appliesSilu = true
            case let other: throw .inexpressible("activation '\(other)'")
            }
            let attributes = CausalConvolution(appliesSilu: appliesSilu)
            assembly.finish(node, .causalConvolution(attributes), node.inputs)
        },
        // Not in the standard, but ONNX Runtime's optimiser writes it as if it were.
        "SimplifiedLayerNormalization": ONNXOperator([1], inputs: 2) { node, assembly throws(ConversionError) in
            let code = try node.int("stash_type") ?? 1
            guard code == 1 else { throw .inexpressible("with stash_type \(code)") }
            let attributes = LayerNormalization(
                axis: try node.int("axis") ?? -1, epsilon: try node.float("epsilon", default: 1e-5),
                subtractsMean: false)
            assembly.finish(node, .layerNormalization(attributes), node.inputs)
        },
        "TensorScatter": ONNXOperator([24], inputs: 2...3) { node, assembly throws(ConversionError) in
            let wraps: Bool
            switch try node.string("mode") ?? "linear" {
            case "linear": wraps = false
            case "circular": wraps = true
            case let other: throw .inexpressible("mode '\(other)'")
            }
            let axis = try node.int("axis") ?? -2
            assembly.finish(node, .cacheUpdate(CacheUpdate(axis: axis, wraps: wraps)), node.inputs)
        },
    ]

    private static func attention(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        var attributes = Attention()
        attributes.queryHeads = try node.int("q_num_heads")
        attributes.keyHeads = try node.int("kv_num_heads")
        attributes.scale = try node.unboundedFloat("scale")
        attributes.softcap = try node.float("softcap", default: 0)
        attributes.isCausal = try node.flag("is_causal")
        attributes.leftWindow = try window(node, "left_window_size")
        attributes.rightWindow = try window(node, "right_window_size")
        let mode = try node.int("qk_matmul_output_mode") ?? 0
        guard let scores = Attention.Scores(rawValue: mode) else {
            throw .inexpressible("with qk_matmul_output_mode \(mode)")
        }
        attributes.scores = scores
        if let code = try node.int("softmax_precision") {
            guard let dtype = ElementType(code: code)?.dtype, dtype.isFloatingPoint else {
                throw .malformed("softmax_precision \(code) is no floating-point type")
            }
            attributes.softmaxDType = dtype
        }
        assembly.finish(node, .attention(attributes), node.inputs)
    }

    private static func linearAttention(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) {
        // How many positions other engines compute at a time; it changes no value.
        node.ignore("chunk_size")
        let (decays, corrects): (Bool, Bool)
        switch try node.string("update_rule") ?? "gated_delta" {
        case "linear": (decays, corrects) = (false, false)
        case "gated": (decays, corrects) = (true, false)
        case "delta": (decays, corrects) = (false, true)
        case "gated_delta": (decays, corrects) = (true, true)
        case let other: throw .inexpressible("update_rule '\(other)'")
        }
        let scale = try node.float("scale", default: 0)
        let attributes = LinearAttention(
            queryHeads: try node.requiredInt("q_num_heads"), keyHeads: try node.requiredInt("kv_num_heads"),
            scale: scale == 0 ? nil : scale, decays: decays, corrects: corrects)
        assembly.finish(node, .linearAttention(attributes), node.inputs)
    }

    /// -1 is no bound.
    private static func window(_ node: ONNXNode, _ name: String) throws(ConversionError) -> Int? {
        guard let size = try node.int(name), size != -1 else { return nil }
        guard size >= 0 else { throw .malformed("\(name) is \(size)") }
        return size
    }
}
