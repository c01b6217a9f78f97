/// Turns text into the numbers that a model was trained on.
public struct Tokenizer: Sendable {
    /// Nil: text goes to the words as it is.
    let normalizer: BERTNormalizer?
    /// Whether text is cut at spaces and punctuation before pieces are looked for.
    let cutsIntoWords: Bool
    /// Found before the text is normalised.
    let plainTokens: AddedTokens
    /// Found in normalised text.
    let normalizedTokens: AddedTokens
    let pieces: WordPiece
    let template: TokenTemplate
    /// What the file says about long texts.
    let truncation: Truncation?
    /// Fills what is shorter than the longest text of a microbatch.
    public let paddingToken: Int32

    struct Truncation {
        let length: Int
        /// The end is kept, not the beginning.
        var keepsEnd = false
    }

    /// The most tokens that a text should have, by the tokenizer's own file.
    public var maximumLength: Int? { truncation?.length }

    /// Tokens that every text gets in addition to its own, such as [CLS] and [SEP].
    public var specialTokenCount: Int { template.before.count + template.behind.count }

    /// The tokens of a text.
    public struct Encoding: Sendable, Hashable {
        public let tokens: [Int32]
        /// Which of several texts a token belongs to; of one text mostly zeros.
        public let types: [Int32]
        /// Whether the text had more tokens.
        public let isCut: Bool
    }

    /// - Parameter length: the most tokens to give, special ones included; as many as there are when nil.
    /// - Precondition: `length` has room for the special tokens.
    public func encode(_ text: String, length: Int? = nil) -> Encoding {
        var ids = plainIDs(text)
        var isCut = false
        if let length {
            let room = length - specialTokenCount
            precondition(room >= 0, "\(length) tokens have no room for \(specialTokenCount) special ones")
            if ids.count > room {
                isCut = true
                ids = truncation?.keepsEnd == true ? Array(ids.suffix(room)) : Array(ids.prefix(room))
            }
        }
        return template.encoding(of: ids, isCut: isCut)
    }

    /// Without special tokens that the text does not have itself.
    private func plainIDs(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        for piece in plainTokens.pieces(Array(text.unicodeScalars)[...]) {
            guard case .text(let part) = piece else {
                if case .token(let id) = piece { ids.append(id) }
                continue
            }
            let normalized = normalizer.map { $0.normalized(Array(part))[...] } ?? part
            for piece in normalizedTokens.pieces(normalized) {
                switch piece {
                case .token(let id): ids.append(id)
                case .text(let part) where cutsIntoWords:
                    for word in BERTPreTokenizer.words(part) { pieces.encode(word, to: &ids) }
                case .text(let part): pieces.encode(part, to: &ids)
                }
            }
        }
        return ids
    }
}

/// What is put around the tokens of a text.
struct TokenTemplate: Sendable {
    struct Special: Sendable {
        let id: Int32
        let type: Int32
    }

    var before: [Special] = []
    /// Of the text's own tokens.
    var type: Int32 = 0
    var behind: [Special] = []

    func encoding(of ids: [Int32], isCut: Bool) -> Tokenizer.Encoding {
        Tokenizer.Encoding(
            tokens: before.map(\.id) + ids + behind.map(\.id),
            types: before.map(\.type) + [Int32](repeating: type, count: ids.count) + behind.map(\.type),
            isCut: isCut)
    }
}
