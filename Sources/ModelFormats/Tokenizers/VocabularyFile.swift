internal import FoundationEssentials
internal import Tensors

/// The older form of a tokenizer: a piece on each line of `vocab.txt`, its number being that of the line from 0, and
/// settings in a `tokenizer_config.json` next to it.
enum VocabularyFile {
    static func tokenizer(path: String) throws(ModelError) -> Tokenizer {
        let pieces = try pieces(path: path)
        let settings = try settings(beside: path)
        var ids: [ArraySlice<UInt8>: Int32] = [:]
        for (piece, id) in pieces { ids[Array(piece.utf8)[...]] = id }
        func id(_ token: SpecialToken?, _ standard: String) throws(ModelError) -> (content: String, id: Int32) {
            let content = token?.content ?? standard
            guard let id = ids[Array(content.utf8)[...]] else {
                throw ModelError(path: path, reason: "the special token '\(content)' stands on no line")
            }
            return (content, id)
        }
        let unknown = try id(settings.unkToken, "[UNK]")
        let first = try id(settings.clsToken, "[CLS]")
        let last = try id(settings.sepToken, "[SEP]")
        let padding = try id(settings.padToken, "[PAD]")
        var special = [unknown, first, last, padding]
        // A model need not have been trained to fill in words.
        if let mask = try? id(settings.maskToken, "[MASK]") { special.append(mask) }
        let lowercases = settings.doLowerCase ?? true
        return Tokenizer(
            normalizer: BERTNormalizer(
                separatesIdeographs: settings.tokenizeChineseChars ?? true,
                stripsAccents: settings.stripAccents ?? lowercases, lowercases: lowercases),
            cutsIntoWords: true,
            plainTokens: AddedTokens(special.map { .init(content: Array($0.content.unicodeScalars), id: $0.id) }),
            normalizedTokens: AddedTokens([]),
            pieces: WordPiece(pieces: pieces, unknown: unknown.id, prefix: "##", longestWord: 100),
            template: TokenTemplate(before: [.init(id: first.id, type: 0)], behind: [.init(id: last.id, type: 0)]),
            // Models without a limit have 10^30 there.
            truncation: settings.modelMaxLength.flatMap { $0 >= 2 && $0 < 1e9 ? .init(length: Int($0)) : nil },
            paddingToken: padding.id)
    }

    private static func pieces(path: String) throws(ModelError) -> [(piece: String, id: Int32)] {
        let size = try WireReader(path: path).size
        guard size <= JSONFile.limit else {
            throw ModelError(path: path, reason: "\(size) bytes, at most \(JSONFile.limit) are read")
        }
        let data: [UInt8]
        do throws(FileError) {
            data = try FileRegion(path: path, offset: 0, byteCount: size).bytes()
        } catch {
            throw ModelError(path: path, offset: error.offset, reason: error.reason)
        }
        var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else { throw ModelError(path: path, offset: 0, reason: "the vocabulary is empty") }
        var pieces: [(piece: String, id: Int32)] = []
        for (number, line) in lines.enumerated() {
            let end = line.last == UInt8(ascii: "\r") ? line.endIndex - 1 : line.endIndex
            guard let piece = String(validating: line[line.startIndex..<end], as: UTF8.self) else {
                throw ModelError(
                    path: path, offset: line.startIndex, reason: "line \(number + 1) is no UTF-8 text"
                )
            }
            pieces.append((piece, Int32(number)))
        }
        return pieces
    }

    /// A token alone, or with how it is found.
    private struct SpecialToken: Decodable {
        let content: String

        private enum Key: String, CodingKey { case content }

        init(from decoder: any Decoder) throws {
            if let content = try? decoder.singleValueContainer().decode(String.self) {
                self.content = content
            } else {
                content = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .content)
            }
        }
    }

    private struct Settings: Decodable {
        var tokenizerClass: String?
        var doLowerCase: Bool?
        var tokenizeChineseChars: Bool?
        var stripAccents: Bool?
        var modelMaxLength: Double?
        var unkToken: SpecialToken?
        var clsToken: SpecialToken?
        var sepToken: SpecialToken?
        var padToken: SpecialToken?
        var maskToken: SpecialToken?

        private enum CodingKeys: String, CodingKey {
            case tokenizerClass = "tokenizer_class"
            case doLowerCase = "do_lower_case"
            case tokenizeChineseChars = "tokenize_chinese_chars"
            case stripAccents = "strip_accents"
            case modelMaxLength = "model_max_length"
            case unkToken = "unk_token"
            case clsToken = "cls_token"
            case sepToken = "sep_token"
            case padToken = "pad_token"
            case maskToken = "mask_token"
        }
    }

    private static func settings(beside path: String) throws(ModelError) -> Settings {
        let file = URL(filePath: path).deletingLastPathComponent().appending(path: "tokenizer_config.json").path
        guard FileManager.default.fileExists(atPath: file) else { return Settings() }
        let settings = try JSONFile(path: file).decode(Settings.self)
        let known = ["BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast"]
        if let name = settings.tokenizerClass, !known.contains(name) {
            throw ModelError(
                path: file,
                reason: "'tokenizer_class' is '\(name)', and only \(known.joined(separator: ", ")) are known")
        }
        return settings
    }
}
