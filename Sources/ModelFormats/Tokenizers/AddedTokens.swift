/// Tokens that are found in the text itself, such as [MASK], before anything else is done to what lies between them.
struct AddedTokens {
    struct Token {
        let content: [Unicode.Scalar]
        let id: Int32
        /// Only where no letter or digit touches it.
        var isWholeWord = false
        /// Takes the spaces before it, or behind it, along.
        var takesSpaceBefore = false
        var takesSpaceBehind = false
    }

    /// A stretch of text: one of the tokens, or what lies between.
    enum Piece {
        case token(Int32)
        case text(ArraySlice<Unicode.Scalar>)
    }

    /// By first character, the longest first.
    private let tokens: [Unicode.Scalar: [Token]]

    init(_ tokens: [Token]) {
        var table: [Unicode.Scalar: [Token]] = [:]
        for token in tokens {
            if let first = token.content.first { table[first, default: []].append(token) }
        }
        self.tokens = table.mapValues { $0.sorted { $0.content.count > $1.content.count } }
    }

    func pieces(_ text: ArraySlice<Unicode.Scalar>) -> [Piece] {
        guard !tokens.isEmpty else { return text.isEmpty ? [] : [.text(text)] }
        var pieces: [Piece] = []
        /// Where the text begins that is in no piece yet.
        var open = text.startIndex
        var position = text.startIndex
        while position < text.endIndex {
            guard let token = tokens[text[position]]?.first(where: { text[position...].starts(with: $0.content) })
            else {
                position += 1
                continue
            }
            var start = position
            var end = position + token.content.count
            position = end
            if token.isWholeWord {
                let touchesBefore = start > text.startIndex && text[start - 1].isTokenWordPart
                let touchesBehind = end < text.endIndex && text[end].isTokenWordPart
                if touchesBefore || touchesBehind { continue }
            }
            if token.takesSpaceBefore { while start > open, text[start - 1].isTokenSpace { start -= 1 } }
            if token.takesSpaceBehind { while end < text.endIndex, text[end].isTokenSpace { end += 1 } }
            if open < start { pieces.append(.text(text[open..<start])) }
            pieces.append(.token(token.id))
            open = end
            position = end
        }
        if open < text.endIndex { pieces.append(.text(text[open...])) }
        return pieces
    }
}
