/// The form of a tokenizer that the library of the same name writes, `tokenizer.json`.
struct TokenizerFile: Decodable {
    struct Kind: Decodable {
        var type: String?
    }

    struct Model: Decodable {
        var type: String?
        var unkToken: String?
        var continuingSubwordPrefix: String?
        var maxInputCharsPerWord: Int?

        private enum CodingKeys: String, CodingKey {
            case type
            case unkToken = "unk_token"
            case continuingSubwordPrefix = "continuing_subword_prefix"
            case maxInputCharsPerWord = "max_input_chars_per_word"
        }
    }

    struct Normalizer: Decodable {
        let type: String
        var cleanText: Bool?
        var handleChineseChars: Bool?
        var stripAccents: Bool?
        var lowercase: Bool?

        private enum CodingKeys: String, CodingKey {
            case type, lowercase
            case cleanText = "clean_text"
            case handleChineseChars = "handle_chinese_chars"
            case stripAccents = "strip_accents"
        }
    }

    struct AddedToken: Decodable {
        let id: Int32
        let content: String
        var singleWord: Bool?
        var lstrip: Bool?
        var rstrip: Bool?
        var normalized: Bool?

        private enum CodingKeys: String, CodingKey {
            case id, content, lstrip, rstrip, normalized
            case singleWord = "single_word"
        }
    }

    struct Truncation: Decodable {
        let maxLength: Int
        var direction: String?

        private enum CodingKeys: String, CodingKey {
            case maxLength = "max_length"
            case direction
        }
    }

    struct Padding: Decodable {
        var direction: String?
        var padId: Int32?

        private enum CodingKeys: String, CodingKey {
            case direction
            case padId = "pad_id"
        }
    }

    let model: Model
    var normalizer: Normalizer?
    var preTokenizer: Kind?
    var postProcessor: TokenizerPostProcessor?
    var addedTokens: [AddedToken]?
    var truncation: Truncation?
    var padding: Padding?

    private enum CodingKeys: String, CodingKey {
        case model, normalizer, truncation, padding
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
        case addedTokens = "added_tokens"
    }

    /// Looks at the kinds first: what belongs to a kind that is not known need not have the form of one that is.
    private struct Kinds: Decodable {
        let model: Kind?
        var normalizer: Kind?
        var preTokenizer: Kind?
        var postProcessor: Kind?

        private enum CodingKeys: String, CodingKey {
            case model, normalizer
            case preTokenizer = "pre_tokenizer"
            case postProcessor = "post_processor"
        }
    }

    static func tokenizer(path: String) throws(ModelError) -> Tokenizer {
        let json = try JSONFile(path: path)
        let kinds = try json.decode(Kinds.self)
        guard let model = kinds.model else {
            throw ModelError(path: path, reason: "the key 'model' is missing. \(JSONFile.remedy)")
        }
        try require(model.type ?? "none", ["WordPiece"], "model.type", path)
        try require(kinds.normalizer?.type, ["BertNormalizer"], "normalizer.type", path)
        try require(kinds.preTokenizer?.type, ["BertPreTokenizer"], "pre_tokenizer.type", path)
        try require(
            kinds.postProcessor?.type, ["BertProcessing", "TemplateProcessing"], "post_processor.type", path)
        let file = try json.decode(TokenizerFile.self)
        return try file.tokenizer(path: path, vocabulary: vocabulary(json))
    }

    private static func require(
        _ kind: String?, _ known: [String], _ place: String, _ path: String
    ) throws(ModelError) {
        guard let kind, !known.contains(kind) else { return }
        throw ModelError(
            path: path, reason: "'\(place)' is '\(kind)', and only \(known.joined(separator: " and ")) is known")
    }

    private static func vocabulary(_ json: JSONFile) throws(ModelError) -> [(piece: String, id: Int32)] {
        var pieces: [(piece: String, id: Int32)] = []
        for member in json.members(at: ["model", "vocab"]) {
            guard let id = Int32(String(decoding: json.bytes[member.value], as: UTF8.self)), id >= 0 else {
                throw ModelError(
                    path: json.path, offset: member.value.lowerBound,
                    reason: "'model.vocab': the piece '\(member.key)' has no number")
            }
            pieces.append((member.key, id))
        }
        guard !pieces.isEmpty else { throw ModelError(path: json.path, reason: "'model.vocab' has no pieces") }
        return pieces
    }

    private func tokenizer(
        path: String, vocabulary: [(piece: String, id: Int32)]
    ) throws(ModelError) -> Tokenizer {
        func error(_ reason: String) -> ModelError { ModelError(path: path, reason: reason) }
        let unknownText = model.unkToken ?? "[UNK]"
        guard let unknown = vocabulary.first(where: { $0.piece == unknownText })?.id else {
            throw error("'model.unk_token' is '\(unknownText)', which the vocabulary lacks")
        }
        let pieces = WordPiece(
            pieces: vocabulary, unknown: unknown, prefix: model.continuingSubwordPrefix ?? "##",
            longestWord: model.maxInputCharsPerWord ?? 100)
        let lowercases = normalizer?.lowercase ?? true
        let normalizer = normalizer.map {
            BERTNormalizer(
                cleansText: $0.cleanText ?? true, separatesIdeographs: $0.handleChineseChars ?? true,
                stripsAccents: $0.stripAccents ?? lowercases, lowercases: lowercases)
        }
        var plain: [AddedTokens.Token] = []
        var normalized: [AddedTokens.Token] = []
        for (index, token) in (addedTokens ?? []).enumerated() {
            guard token.id >= 0 else { throw error("'added_tokens.[\(index)].id' is \(token.id)") }
            var content = Array(token.content.unicodeScalars)
            let isNormalized = token.normalized ?? false
            if isNormalized, let normalizer { content = normalizer.normalized(content) }
            let added = AddedTokens.Token(
                content: content, id: token.id, isWholeWord: token.singleWord ?? false,
                takesSpaceBefore: token.lstrip ?? false, takesSpaceBehind: token.rstrip ?? false)
            if isNormalized { normalized.append(added) } else { plain.append(added) }
        }
        let template = try postProcessor?.template(path: path) ?? TokenTemplate()
        if let length = truncation?.maxLength {
            let special = template.before.count + template.behind.count
            guard length > special, length <= 1 << 24 else {
                throw error("'truncation.max_length' is \(length), and \(special) special tokens have to go in too")
            }
        }
        try TokenizerFile.require(truncation?.direction, ["Right", "Left"], "truncation.direction", path)
        try TokenizerFile.require(padding?.direction, ["Right"], "padding.direction", path)
        let paddingToken = padding?.padId ?? pieces.id(of: "[PAD]") ?? 0
        guard paddingToken >= 0 else { throw error("'padding.pad_id' is \(paddingToken)") }
        return Tokenizer(
            normalizer: normalizer, cutsIntoWords: preTokenizer?.type != nil, plainTokens: AddedTokens(plain),
            normalizedTokens: AddedTokens(normalized), pieces: pieces, template: template,
            truncation: truncation.map { .init(length: $0.maxLength, keepsEnd: $0.direction == "Left") },
            paddingToken: paddingToken)
    }
}
