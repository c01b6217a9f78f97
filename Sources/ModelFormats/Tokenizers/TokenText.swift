/// How BERT's tokenizers see Unicode.
///
/// The tables that published tokenizers were built with are those of Unicode 8: of a character that came later no
/// category counts. Swift knows when each character came.
extension Unicode.Scalar {
    /// Separates words.
    var isTokenSpace: Bool { properties.isWhitespace }

    /// Taken out when text is cleaned.
    var isTokenControl: Bool {
        if isASCII { return value < 0x20 ? value != 0x09 && value != 0x0A && value != 0x0D : value == 0x7F }
        switch properties.generalCategory {
        case .control, .privateUse, .surrogate: return true
        case .format: return isOfUnicode8
        default: return false
        }
    }

    /// Is a token of its own.
    var isTokenPunctuation: Bool {
        if isASCII {
            switch value {
            case 33...47, 58...64, 91...96, 123...126: return true
            default: return false
            }
        }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return isOfUnicode8
        default: return Unicode.Scalar.formerPunctuation.contains(value)
        }
    }

    /// An accent, which is taken off.
    var isTokenAccent: Bool {
        if isASCII { return false }
        guard properties.generalCategory == .nonspacingMark else {
            return Unicode.Scalar.formerAccents.contains(value)
        }
        return isOfUnicode8 && !Unicode.Scalar.laterAccents.contains(value)
    }

    /// Gets spaces around it, as in the original BERT. The gap before U+2B920 is that of the original too.
    var isTokenIdeograph: Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    /// A letter, digit, mark or connector: what a whole word is made of.
    var isTokenWordPart: Bool {
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }

    private var isOfUnicode8: Bool { properties.age.map { ($0.major, $0.minor) <= (8, 0) } ?? false }

    // Characters whose category has changed since.
    private static let formerPunctuation: Set<UInt32> = [0x166D, 0x111C9]
    private static let formerAccents: Set<UInt32> = [0x1734, 0x1171E]
    private static let laterAccents: Set<UInt32> = [0x1885, 0x1886, 0xA9BD, 0x111C9]
}
