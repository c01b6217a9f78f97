internal import ModelFormats

extension JobSpecification {
    /// Path of the model that takes the inputs: the only one, or the first of a chain.
    var firstModel: String { model ?? models.first?.path ?? "" }

    /// Items from text files, as tokens.
    public struct TextInput: Sendable, Codable, Hashable {
        /// Paths of the files.
        public var text: [String] = []
        /// The member of each line's JSON object that is the text; nil where the lines are texts themselves.
        public var field: String?
        /// Path of the tokenizer; nil for the one that lies with the model.
        public var tokenizer: String?
        /// In tokens.
        public var maximumLength: Int?
    }

    /// How the tokens of a text become one vector.
    public struct Embeddings: Sendable, Codable, Hashable {
        public var pooling: Pooling?
        public var normalize: Bool?
        /// The model's output with a vector for each token; nil for the one of the usual names.
        public var output: String?
    }

    public enum Pooling: String, Sendable, Codable, SpecificationChoice {
        case mean, cls, none

        var help: String {
            switch self {
            case .mean: "the mean of the tokens that the mask counts"
            case .cls: "the first token's vector"
            case .none: "the outputs stay what the model has"
            }
        }
    }
}

extension JobSpecification.TextInput {
    static let form = Form.record(
        "Text input", Self(),
        "Items from text files: each line is one, or holds one as a member of a JSON object. They become tokens, and feed "
            + "`input_ids`, `attention_mask` and `token_type_ids` at once, as many of these as the model has. Texts of "
            + "different lengths travel together, filled up with padding that the mask leaves out.",
        fields: [
            .required(
                "text", \.text, .oneOrMore(of: .path("the path of a text file")), "Files in UTF-8, in the order given."),
            .optional(
                "field", \.field, .text("the name of a member"),
                "The lines are JSON objects, and this member of each is the text."),
            .optional(
                "tokenizer", \.tokenizer, .path("the path of a tokenizer"),
                "`tokenizer.json`, `vocab.txt`, or a folder with one of them; when left out, the one that lies with the model."
            ),
            .optional(
                "max-length", \.maximumLength, .integer(1...1 << 20),
                "Longer texts are cut to this many tokens; when left out, what the model's folder or the tokenizer says."
            ),
        ])
}

extension JobSpecification.Embeddings {
    static let form = Form.record(
        "Embeddings", Self(),
        "How the tokens of a text become one vector, the output `sentence_embedding`. What is left out is as the model's "
            + "folder says (`modules.json`).",
        fields: [
            .optional("pooling", \.pooling, .choice(), "What is made of the tokens' vectors."),
            .optional("normalize", \.normalize, .flag(), "Whether vectors are divided by their lengths."),
            .optional(
                "output", \.output, .text("the name of an output"),
                "The model's output that holds a vector for each token, where its name is neither `last_hidden_state` nor "
                    + "`token_embeddings`."),
        ]
    ) { value, node, reader in
        if let normalize = node["normalize"], value.pooling == JobSpecification.Pooling.none, value.normalize == true {
            reader.descend(into: "normalize") {
                $0.report("has no meaning with pooling: none", at: normalize.place)
            }
        }
    }
}
