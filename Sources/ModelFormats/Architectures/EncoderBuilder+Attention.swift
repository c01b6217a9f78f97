internal import Graphs
internal import Tensors

/// The sizes of an encoder's blocks.
struct EncoderSizes {
    let hidden: Int
    let heads: Int
    let intermediate: Int
    let layers: Int
    let positions: Int
    let vocabulary: Int
    let epsilon: Double
    let activation: EncoderActivation

    var headSize: Int { hidden / heads }

    /// - Throws: where the heads do not share the features evenly.
    func check(_ configuration: ModelConfiguration, headsKey: String) throws(ModelError) {
        guard hidden % heads == 0 else {
            throw configuration.error(headsKey, "is \(heads), and \(hidden) features do not divide by that")
        }
    }
}

/// The names that an architecture has for the weights of one block.
struct EncoderBlockNames {
    let query: String
    let key: String
    let value: String
    let attentionOutput: String
    let attentionNorm: String
    let intermediate: String
    let output: String
    let outputNorm: String
}

extension EncoderBuilder {
    /// What all blocks share: extents that follow from the inputs, and the mask in the form that scores need.
    struct Sequence {
        /// [batch, sequence, heads, head size], as a shape.
        let headShape: ValueID
        /// [batch, sequence, hidden], as a shape.
        let tokenShape: ValueID
        /// [batch, 1, 1, sequence]: 0 for tokens that count, the least number there is for the others.
        let mask: ValueID
    }

    mutating func sequence(ids: ValueID, mask: ValueID, sizes: EncoderSizes) -> Sequence {
        let extents = node("sequence/shape", .shapeOf(ShapeOf()), [ids])
        let headShape = node(
            "sequence/head_shape", .concatenation(Concatenation(axis: 0)),
            [extents, integers([sizes.heads, sizes.headSize])])
        let tokenShape = node(
            "sequence/token_shape", .concatenation(Concatenation(axis: 0)), [extents, integers([sizes.hidden])])
        let counted = node("attention_mask/number", .cast(Cast(to: .float32)), [mask])
        let ignored = node("attention_mask/ignored", .binary(Binary(.subtract)), [scalar(1), counted])
        let wide = node("attention_mask/wide", .unsqueeze(Unsqueeze()), [ignored, integers([1, 2])])
        let bias = node(
            "attention_mask/bias", .binary(Binary(.multiply)), [wide, scalar(-Float.greatestFiniteMagnitude)])
        return Sequence(headShape: headShape, tokenShape: tokenShape, mask: bias)
    }

    /// Tokens as one list of rows: [batch * sequence, features] from [batch, sequence, features].
    mutating func rows(_ name: String, _ x: ValueID, features: Int) -> ValueID {
        node(name, .reshape(Reshape()), [x, integers([-1, features])])
    }

    /// Softmax(Q K^T / sqrt(head size) + mask) V for every head, on rows.
    private mutating func attention(
        _ name: String, _ x: ValueID, _ sequence: Sequence, _ names: EncoderBlockNames, _ sizes: EncoderSizes
    ) throws(ModelError) -> ValueID {
        let hidden = sizes.hidden
        func heads(_ layer: String, _ permutation: [Int], _ builder: inout EncoderBuilder) throws(ModelError) -> ValueID
        {
            let rows = try builder.linear(layer, x, from: hidden, to: hidden)
            let split = builder.node("\(layer)/heads", .reshape(Reshape()), [rows, sequence.headShape])
            return builder.node("\(layer)/heads_first", .transpose(Transpose(permutation: permutation)), [split])
        }
        let query = try heads(names.query, [0, 2, 1, 3], &self)  // [batch, heads, sequence, head size]
        let key = try heads(names.key, [0, 2, 3, 1], &self)  // [batch, heads, head size, sequence]
        let value = try heads(names.value, [0, 2, 1, 3], &self)
        let products = node("\(name)/scores", .matrixProduct(MatrixProduct()), [query, key])
        let scaled = node(
            "\(name)/scaled_scores", .binary(Binary(.multiply)),
            [products, scalar(1 / Float(sizes.headSize).squareRoot())])
        let masked = add("\(name)/masked_scores", scaled, sequence.mask)
        let shares = node("\(name)/probabilities", .softmax(Softmax(axis: -1)), [masked])
        let context = node("\(name)/context", .matrixProduct(MatrixProduct()), [shares, value])
        let tokens = node(
            "\(name)/tokens_first", .transpose(Transpose(permutation: [0, 2, 1, 3])), [context])
        return rows("\(name)/context_rows", tokens, features: hidden)
    }

    /// One block: attention, then a feed-forward layer, each with its sum and normalisation.
    mutating func block(
        _ name: String, _ x: ValueID, _ sequence: Sequence, _ names: EncoderBlockNames, _ sizes: EncoderSizes
    ) throws(ModelError) -> ValueID {
        let context = try attention("\(name).attention", x, sequence, names, sizes)
        let attended = try linear(names.attentionOutput, context, from: sizes.hidden, to: sizes.hidden)
        let first = try normalize(
            names.attentionNorm, add("\(name).attention/sum", attended, x), features: sizes.hidden,
            epsilon: sizes.epsilon)
        let inner = try linear(names.intermediate, first, from: sizes.hidden, to: sizes.intermediate)
        let activated = node("\(names.intermediate)/activation", .unary(sizes.activation.unary), [inner])
        let outer = try linear(names.output, activated, from: sizes.intermediate, to: sizes.hidden)
        return try normalize(
            names.outputNorm, add("\(name)/sum", outer, first), features: sizes.hidden, epsilon: sizes.epsilon)
    }
}
