internal import Graphs
internal import Tensors

/// DistilBERT (https://arxiv.org/abs/1910.01108): BERT with half the blocks, no types of tokens and no pooler.
enum DistilBERTArchitecture {
    @Sendable static func distilBERT(
        _ configuration: ModelConfiguration, _ weights: SafetensorsWeights
    ) throws(ModelError) -> Graph {
        var encoder = EncoderBuilder(
            configuration, weights, prefix: "distilbert.", probe: "embeddings.word_embeddings.weight")
        let sizes = EncoderSizes(
            hidden: try configuration.count("dim", default: 768),
            heads: try configuration.count("n_heads", default: 12),
            intermediate: try configuration.count("hidden_dim", default: 3072),
            layers: try configuration.count("n_layers", default: 6, within: 0...10_000),
            positions: try configuration.count("max_position_embeddings", default: 512),
            vocabulary: try configuration.count("vocab_size"),
            // Fixed in the architecture.
            epsilon: 1e-12,
            activation: try configuration.activation("activation"))
        try sizes.check(configuration, headsKey: "n_heads")
        let ids = encoder.tokenInput("input_ids")
        let mask = encoder.tokenInput("attention_mask")

        let root = "\(encoder.prefix)embeddings"
        let words = try encoder.embed("\(root).word_embeddings", ids, count: sizes.vocabulary, features: sizes.hidden)
        let positions = try encoder.consecutivePositions("\(root).position_embeddings", ids: ids, sizes: sizes)
        let embedded = try encoder.normalize(
            "\(root).LayerNorm", encoder.add("\(root)/sum", words, positions), features: sizes.hidden,
            epsilon: sizes.epsilon)

        let sequence = encoder.sequence(ids: ids, mask: mask, sizes: sizes)
        var x = encoder.rows("\(root)/rows", embedded, features: sizes.hidden)
        for layer in 0..<sizes.layers {
            let name = "\(encoder.prefix)transformer.layer.\(layer)"
            let names = EncoderBlockNames(
                query: "\(name).attention.q_lin", key: "\(name).attention.k_lin", value: "\(name).attention.v_lin",
                attentionOutput: "\(name).attention.out_lin", attentionNorm: "\(name).sa_layer_norm",
                intermediate: "\(name).ffn.lin1", output: "\(name).ffn.lin2", outputNorm: "\(name).output_layer_norm")
            x = try encoder.block(name, x, sequence, names, sizes)
        }
        let tokens = encoder.node(
            "\(encoder.prefix)transformer/tokens", .reshape(Reshape()), [x, sequence.tokenShape])
        switch try EncoderHead(configuration) {
        case .none: encoder.output("last_hidden_state", tokens)
        case .sequenceClassification:
            let first = encoder.firstToken("pre_classifier/first_token", tokens)
            let dense = try encoder.linear("pre_classifier", first, from: sizes.hidden, to: sizes.hidden)
            let activated = encoder.node("pre_classifier/activation", .unary(Unary(.relu)), [dense])
            let classes = try encoder.classCount()
            encoder.output("logits", try encoder.linear("classifier", activated, from: sizes.hidden, to: classes))
        }
        return encoder.graph
    }
}
