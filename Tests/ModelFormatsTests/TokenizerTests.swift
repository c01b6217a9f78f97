import FoundationEssentials
import TestSupport
import Testing

@testable import ModelFormats

/// Tokenizers against the library of the same name, and against damage.
@Suite struct TokenizerTests {
    private struct Facts: Decodable { let tokenizer: String }

    private struct Expected: Decodable {
        struct Encodings: Decodable {
            let length: Int?
            let tokens: [[Int32]]
            let types: [[Int32]]
        }
        let lines: [String]
        let encodings: [Encodings]
    }

    private static func path(_ test: Material.Case) throws -> String {
        let facts = try JSONDecoder().decode(
            Facts.self, from: Data(contentsOf: URL(filePath: "\(test.folder)/case.json")))
        return "\(test.folder)/\(facts.tokenizer)"
    }

    @Test(
        "the tokens of thousands of lines", .enabled(if: Material.isThere("tokenizers"), "\(Material.absent)"),
        arguments: Material.cases("tokenizers"))
    func tokens(_ test: Material.Case) throws {
        let tokenizer = try Tokenizer.load(path: TokenizerTests.path(test))
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: URL(filePath: "\(test.folder)/expected.json")))
        try #require(expected.lines.count > 2000)
        for encodings in expected.encodings {
            try #require(encodings.tokens.count == expected.lines.count)
            var wrong = 0
            for (index, line) in expected.lines.enumerated() {
                let encoding = tokenizer.encode(line, length: encodings.length)
                guard encoding.tokens != encodings.tokens[index] || encoding.types != encodings.types[index] else {
                    continue
                }
                wrong += 1
                guard wrong <= 5 else { continue }
                let scalars = line.unicodeScalars.prefix(60).map { String($0.value, radix: 16) }.joined(separator: " ")
                Issue.record("line \(index) (\(scalars)): \(encoding.tokens), not \(encodings.tokens[index])")
            }
            #expect(wrong == 0)
        }
    }

    /// A small tokenizer.json.
    private static let small = """
        {"version":"1.0","truncation":{"direction":"Right","max_length":8,"strategy":"LongestFirst","stride":0},
        "padding":null,"added_tokens":[{"id":0,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,
        "normalized":false,"special":true},{"id":7,"content":"<x>","single_word":true,"lstrip":true,"rstrip":true,
        "normalized":true,"special":false}],"normalizer":{"type":"BertNormalizer","clean_text":true,
        "handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},
        {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[],
        "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[2],
        "tokens":["[SEP]"]}}},"decoder":null,"model":{"type":"WordPiece","unk_token":"[UNK]",
        "continuing_subword_prefix":"##","max_input_chars_per_word":10,"vocab":{"[PAD]":0,"[CLS]":1,"[SEP]":2,
        "[UNK]":3,"a":4,"##b":5,"\\u00e9\\"":6,"豈":8,"\u{F900}":9}}}
        """

    @Test func smallTokenizer() throws {
        let folder = try ScratchFolder()
        let tokenizer = try Tokenizer.load(path: folder.write(TokenizerTests.small, to: "tokenizer.json"))
        #expect(tokenizer.encode("Ab a").tokens == [1, 4, 5, 4, 2])
        #expect(tokenizer.encode("ab <x> a c").tokens == [1, 4, 5, 7, 4, 3, 2])
        #expect(tokenizer.encode("a a a a a a a a a", length: tokenizer.maximumLength).tokens.count == 8)
        #expect(tokenizer.encode("").tokens == [1, 2])
        #expect(tokenizer.maximumLength == 8 && tokenizer.specialTokenCount == 2 && tokenizer.paddingToken == 0)
        // Two ideographs that compare as equal in Swift's strings. The normaliser makes one of the other.
        #expect(tokenizer.encode("豈").tokens == [1, 8, 2])
        #expect(tokenizer.pieces.id(of: "\u{F900}") == 9 && tokenizer.pieces.id(of: "豈") == 8)
    }

    @Test("what is not known is refused by name")
    func refused() throws {
        let folder = try ScratchFolder()
        for (from, to, words) in [
            ("\"type\":\"WordPiece\"", "\"type\":\"BPE\"", ["model.type", "'BPE'", "WordPiece"]),
            ("\"type\":\"WordPiece\",", "", ["model.type", "none"]),
            ("BertNormalizer", "NFKC", ["normalizer.type", "'NFKC'"]),
            ("BertPreTokenizer", "ByteLevel", ["pre_tokenizer.type", "'ByteLevel'"]),
            ("TemplateProcessing", "RobertaProcessing", ["post_processor.type", "'RobertaProcessing'"]),
            ("\"direction\":\"Right\"", "\"direction\":\"Up\"", ["truncation.direction", "'Up'"]),
            ("\"unk_token\":\"[UNK]\"", "\"unk_token\":\"<unk>\"", ["unk_token", "<unk>"]),
            ("\"max_length\":8", "\"max_length\":2", ["max_length", "2"]),
            ("\"ids\":[1]", "\"ids\":[-1]", ["[CLS]"]),
            ("\"##b\":5", "\"##b\":5.5", ["model.vocab", "##b"]),
            ("\"##b\":5", "\"##b\":-5", ["model.vocab", "##b"]),
            ("{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},", "", ["post_processor", "A"]),
            ("{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},", "{},", ["post_processor"]),
        ] as [(String, String, [String])] {
            let text = TokenizerTests.small.replacing(from, with: to, maxReplacements: 1)
            try #require(text != TokenizerTests.small)
            let path = try folder.write(text, to: "tokenizer.json")
            let error = #expect(throws: ModelError.self, "\(to)") { try Tokenizer.load(path: path) }
            let description = error?.description ?? ""
            #expect(description.hasPrefix(path))
            for word in words { #expect(description.contains(word), "must contain '\(word)': \(description)") }
        }
        try folder.write("[PAD]\n[CLS]\n[SEP]\nword\n", to: "vocab.txt")
        let missing = #expect(throws: ModelError.self) { try Tokenizer.load(path: folder.path + "/vocab.txt") }
        #expect(missing?.description.contains("[UNK]") == true)
        try folder.write([0x61, 0x0A, 0xFF, 0x0A], to: "vocab.txt")
        let invalid = #expect(throws: ModelError.self) { try Tokenizer.load(path: folder.path + "/vocab.txt") }
        #expect(invalid?.description.contains("line 2") == true)
        try folder.write("[UNK]\n[PAD]\n[CLS]\n[SEP]\n", to: "vocab.txt")
        try folder.write("{\"tokenizer_class\": \"XLNetTokenizer\"}", to: "tokenizer_config.json")
        let other = #expect(throws: ModelError.self) { try Tokenizer.load(path: folder.path + "/vocab.txt") }
        #expect(other?.description.contains("XLNetTokenizer") == true)
        #expect(throws: ModelError.self) { try Tokenizer.load(path: folder.path + "/absent") }
    }

    @Test("every prefix is refused") func prefixes() throws {
        let folder = try ScratchFolder()
        let bytes = Array(TokenizerTests.small.utf8)
        for count in 0..<bytes.count {
            let path = try folder.write(bytes[..<count], to: "tokenizer.json")
            #expect(throws: ModelError.self, "\(count) bytes") { try Tokenizer.load(path: path) }
        }
    }

    @Test("2,000 damaged bytes") func flips() throws {
        let folder = try ScratchFolder()
        let bytes = Array(TokenizerTests.small.utf8)
        var random = SplitMix(3)
        for _ in 0..<2000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            let path = try folder.write(damaged, to: "tokenizer.json")
            guard let tokenizer = try? Tokenizer.load(path: path) else { continue }
            _ = tokenizer.encode("Ab <x> a\u{301} 豈 [PAD] \u{0} cccccccccccc", length: tokenizer.maximumLength)
        }
    }

    @Test("bytes of all kinds as text") func bytes() throws {
        let folder = try ScratchFolder()
        let tokenizer = try Tokenizer.load(path: folder.write(TokenizerTests.small, to: "tokenizer.json"))
        var random = SplitMix(4)
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<60, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let encoding = tokenizer.encode(String(decoding: bytes, as: UTF8.self), length: 8)
            #expect(encoding.tokens.count <= 8 && encoding.tokens.first == 1 && encoding.tokens.last == 2)
        }
    }
}
