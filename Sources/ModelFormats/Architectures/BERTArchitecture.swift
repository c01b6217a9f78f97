internal import Graphs
internal import Tensors

/// BERT (https://arxiv.org/abs/1810.04805) and RoBERTa (https://arxiv.org/abs/1907.11692), which differs in how it counts
/// positions and in the head of its classifier.
enum BERTArchitecture {
    @Sendable static func bert(
        _ configuration: ModelConfiguration, _ weights: SafetensorsWeights
    ) throws(ModelError) -> Graph {
        var encoder = EncoderBuilder(configuration, weights, prefix: "bert.", probe: probe)
        let tokens = try encode(&encoder, positions: .consecutive)
        let head = try EncoderHead(configuration)
        let hidden = try configuration.count("hidden_size", default: 768)
        let pooler = "\(encoder.prefix)pooler"
        switch head {
        case .none:
            encoder.output("last_hidden_state", tokens)
            guard encoder.has("\(pooler).dense.weight") else { break }
            encoder.output("pooler_output", try pooled(&encoder, pooler, tokens, hidden: hidden))
        case .sequenceClassification:
            let pooled = try pooled(&encoder, pooler, tokens, hidden: hidden)
            let classes = try encoder.classCount()
            encoder.output("logits", try encoder.linear("classifier", pooled, from: hidden, to: classes))
        }
        return encoder.graph
    }

    @Sendable static func roBERTa(
        _ configuration: ModelConfiguration, _ weights: SafetensorsWeights
    ) throws(ModelError) -> Graph {
        var encoder = EncoderBuilder(configuration, weights, prefix: "roberta.", probe: probe)
        let padding = try configuration.count("pad_token_id", default: 1, within: 0...1 << 24)
        let tokens = try encode(&encoder, positions: .behindPadding(padding))
        let hidden = try configuration.count("hidden_size", default: 768)
        switch try EncoderHead(configuration) {
        case .none:
            encoder.output("last_hidden_state", tokens)
            let pooler = "\(encoder.prefix)pooler"
            guard encoder.has("\(pooler).dense.weight") else { break }
            encoder.output("pooler_output", try pooled(&encoder, pooler, tokens, hidden: hidden))
        case .sequenceClassification:
            let first = encoder.firstToken("classifier/first_token", tokens)
            let dense = try encoder.linear("classifier.dense", first, from: hidden, to: hidden)
            let activated = encoder.node("classifier.dense/activation", .unary(Unary(.tanh)), [dense])
            let classes = try encoder.classCount()
            encoder.output("logits", try encoder.linear("classifier.out_proj", activated, from: hidden, to: classes))
        }
        return encoder.graph
    }

    private static let probe = "embeddings.word_embeddings.weight"

    /// How tokens are numbered for the table of positions.
    private enum Positions {
        /// From 0 on.
        case consecutive
        /// Tokens other than the padding token from the number behind it on; the padding token has its own number.
        case behindPadding(Int)
    }

    /// - Returns: [batch, sequence, hidden]
    private static func encode(
        _ encoder: inout EncoderBuilder, positions: Positions
    ) throws(ModelError) -> ValueID {
        let configuration = encoder.configuration
        let scheme = try configuration.text("position_embedding_type", default: "absolute")
        guard scheme == "absolute" else {
            throw configuration.error("position_embedding_type", "is '\(scheme)', and only 'absolute' is known")
        }
        guard try !configuration.flag("is_decoder", default: false) else {
            throw configuration.error("is_decoder", "is true, and only encoders are known")
        }
        let sizes = EncoderSizes(
            hidden: try configuration.count("hidden_size", default: 768),
            heads: try configuration.count("num_attention_heads", default: 12),
            intermediate: try configuration.count("intermediate_size", default: 3072),
            layers: try configuration.count("num_hidden_layers", default: 12, within: 0...10_000),
            positions: try configuration.count("max_position_embeddings", default: 512),
            vocabulary: try configuration.count("vocab_size"),
            epsilon: try configuration.number("layer_norm_eps", default: 1e-12),
            activation: try configuration.activation("hidden_act"))
        try sizes.check(configuration, headsKey: "num_attention_heads")
        let ids = encoder.tokenInput("input_ids")
        let mask = encoder.tokenInput("attention_mask")
        let types = encoder.tokenInput("token_type_ids")

        let root = "\(encoder.prefix)embeddings"
        let words = try encoder.embed(
            "\(root).word_embeddings", ids, count: sizes.vocabulary, features: sizes.hidden)
        let typeRows = try encoder.embed(
            "\(root).token_type_embeddings", types, count: try configuration.count("type_vocab_size", default: 2),
            features: sizes.hidden)
        let table = "\(root).position_embeddings"
        let positionRows =
            switch positions {
            case .consecutive: try encoder.consecutivePositions(table, ids: ids, sizes: sizes)
            case .behindPadding(let padding):
                try encoder.embed(
                    table, encoder.positions(of: ids, padding: padding), count: sizes.positions,
                    features: sizes.hidden)
            }
        let sum = encoder.add("\(root)/sum", encoder.add("\(root)/words_and_types", words, typeRows), positionRows)
        let embedded = try encoder.normalize(
            "\(root).LayerNorm", sum, features: sizes.hidden, epsilon: sizes.epsilon)

        let sequence = encoder.sequence(ids: ids, mask: mask, sizes: sizes)
        var x = encoder.rows("\(root)/rows", embedded, features: sizes.hidden)
        for layer in 0..<sizes.layers {
            let name = "\(encoder.prefix)encoder.layer.\(layer)"
            let names = EncoderBlockNames(
                query: "\(name).attention.self.query", key: "\(name).attention.self.key",
                value: "\(name).attention.self.value", attentionOutput: "\(name).attention.output.dense",
                attentionNorm: "\(name).attention.output.LayerNorm", intermediate: "\(name).intermediate.dense",
                output: "\(name).output.dense", outputNorm: "\(name).output.LayerNorm")
            x = try encoder.block(name, x, sequence, names, sizes)
        }
        return encoder.node("\(encoder.prefix)encoder/tokens", .reshape(Reshape()), [x, sequence.tokenShape])
    }

    /// tanh of a linear layer on the first token.
    private static func pooled(
        _ encoder: inout EncoderBuilder, _ name: String, _ tokens: ValueID, hidden: Int
    ) throws(ModelError) -> ValueID {
        let first = encoder.firstToken("\(name)/first_token", tokens)
        let dense = try encoder.linear("\(name).dense", first, from: hidden, to: hidden)
        return encoder.node("\(name).dense/activation", .unary(Unary(.tanh)), [dense])
    }
}

extension EncoderBuilder {
    /// The first rows of a table of positions, as many as a sequence has tokens.
    mutating func consecutivePositions(
        _ name: String, ids: ValueID, sizes: EncoderSizes
    ) throws(ModelError) -> ValueID {
        let extents = node("\(name)/shape", .shapeOf(ShapeOf()), [ids])
        let count = node("\(name)/count", .gather(Gather(axis: 0)), [extents, integers([1])])
        let table = try weight("\(name).weight", [sizes.positions, sizes.hidden])
        return node(name, .slice(Slice()), [table, integers([0]), count, integers([0])])
    }

    /// padding + 1, padding + 2, ... for tokens other than the padding token, whose number is its own: [batch, sequence].
    mutating func positions(of ids: ValueID, padding: Int) -> ValueID {
        let token = constant("padding token", Tensor(scalar: Int64(padding)))
        let same = node("positions/is_padding", .comparison(Comparison(.equal)), [ids, token])
        let other = node("positions/is_token", .unary(Unary(.logicalNot)), [same])
        let counted = node("positions/counted", .cast(Cast(to: .int64)), [other])
        let sums = node("positions/sums", .cumulation(Cumulation()), [counted, integers([1])])
        let numbers = node("positions/numbers", .binary(Binary(.multiply)), [sums, counted])
        return add("positions", numbers, token)
    }

    /// How many classes the head of a classifier has.
    func classCount() throws(ModelError) -> Int { try configuration.labelCount ?? 2 }
}
