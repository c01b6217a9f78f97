import FoundationEssentials
import TestSupport
import Testing

/// Whole jobs that take text.
@Suite struct TextTests {
    private static let hasMaterial = Material.isThere("encoders", "minilm")

    private static func encoder(_ name: String) throws -> Material.Case {
        try #require(Material.cases("encoders").first { $0.name == name })
    }

    private func expectClose(_ actual: NumPyArray, _ expected: NumPyArray, within tolerance: Double = 1e-4) throws {
        #expect(actual.descriptor == expected.descriptor && actual.shape == expected.shape)
        try #require(actual.values.count == expected.values.count)
        let worst = zip(actual.values, expected.values).reduce(0.0) { worst, pair in
            let difference = abs(pair.0 - pair.1)
            return difference.isNaN ? .infinity : max(worst, difference)
        }
        #expect(worst <= tolerance, "off by \(worst)")
    }

    @Test(
        "all-MiniLM-L6-v2: the published embeddings of 200 sentences, the same bits on any number of ranks",
        .enabled(if: Material.isThere("minilm"), "\(Material.absent)"))
    func miniLM() throws {
        let test = try #require(Material.cases("minilm").first)
        let expected = try NumPyArray(path: "\(test.folder)/output_0.npy")
        let job = try TextJob(
            model: test.model, input: "{text: \(quoted("\(test.folder)/sentences.txt"))}", folder: ScratchFolder())
        try MPInfer.expectSuccess(try job.run())
        try expectClose(job.array(), expected)
        let bytes = try job.bytes()
        for ranks in [2, 3, 8] {
            try MPInfer.expectSuccess(try job.run(ranks: ranks, ["--set", "threads=1"]))
            #expect(try job.bytes() == bytes, "\(ranks) ranks")
        }
        // Other neighbours, other padding: the same numbers except for rounding.
        try MPInfer.expectSuccess(try job.run(["--set", "schedule.microbatch=64"]))
        try expectClose(job.array(), expected)
    }

    @Test("lines and JSON lines, one file and several", .enabled(if: hasMaterial, "\(Material.absent)"))
    func forms() throws {
        let folder = try ScratchFolder()
        let model = try folder.copy(TextTests.encoder("bert").folder, to: "model")
        try folder.write(SmallVocabulary.text, to: "model/vocab.txt")
        let lines = ["word1 a b", "", "word2", "Word3 unknownword word4 word5 word6", "c word7"]
        try folder.write(lines.joined(separator: "\r\n"), to: "lines.txt")
        try folder.write(lines[..<2].joined(separator: "\n") + "\n", to: "a.txt")
        try folder.write(lines[2...].joined(separator: "\n") + "\n", to: "b.txt")
        try folder.write(
            lines.map { "{\"id\": 1, \"sentence\": \(quoted($0))}\n" }.joined(), to: "lines.jsonl")
        let pooling = ["embeddings: {pooling: mean, normalize: true}"]
        var results: [[UInt8]] = []
        for input in ["{text: lines.txt}", "{text: [a.txt, b.txt]}", "{text: lines.jsonl, field: sentence}"] {
            let job = try TextJob(model: model, input: input, microbatch: 2, others: pooling, folder: folder)
            try MPInfer.expectSuccess(try job.run())
            #expect(try job.array().shape == [5, 48])
            results.append(try job.bytes())
        }
        #expect(results[0] == results[1] && results[0] == results[2])
        // The tokenizer by its own path.
        try folder.write(SmallVocabulary.text, to: "elsewhere/vocab.txt")
        try FileManager.default.removeItem(atPath: "\(folder.path)/model/vocab.txt")
        let job = try TextJob(
            model: model, input: "{text: lines.txt, tokenizer: elsewhere/vocab.txt}", microbatch: 2, others: pooling,
            folder: folder)
        try MPInfer.expectSuccess(try job.run())
        #expect(try job.bytes() == results[0])
    }

    @Test("an ONNX model takes texts as its folder does", .enabled(if: hasMaterial, "\(Material.absent)"))
    func onnx() throws {
        let folder = try ScratchFolder()
        try folder.write(SmallVocabulary.text, to: "tokenizer/vocab.txt")
        try folder.write("word1 a b\nword2\n\nword3 word4 word5 word6 c\n", to: "lines.txt")
        var arrays: [NumPyArray] = []
        for name in ["bert", "bert-onnx"] {
            let job = try TextJob(
                model: TextTests.encoder(name).model, input: "{text: lines.txt, tokenizer: tokenizer}", microbatch: 2,
                others: ["embeddings: {pooling: mean, normalize: true}"], folder: folder)
            try MPInfer.expectSuccess(try job.run(ranks: 2))
            arrays.append(try job.array())
        }
        #expect(arrays[0].shape == [4, 48])
        try expectClose(arrays[1], arrays[0], within: 1e-5)
    }

    @Test("texts and their tokens as arrays give the same", .enabled(if: hasMaterial, "\(Material.absent)"))
    func classifier() throws {
        let folder = try ScratchFolder()
        let model = try folder.copy(TextTests.encoder("bert-classifier").folder, to: "model")
        try folder.write(SmallVocabulary.text, to: "model/vocab.txt")
        let lines = ["word1 a b", "word2 word3 word60", "c d e", "word7 word8 word9", "z y x"]
        try folder.write(lines.joined(separator: "\n"), to: "lines.txt")
        let text = try TextJob(model: model, input: "{text: lines.txt}", microbatch: 5, folder: folder)
        try MPInfer.expectSuccess(try text.run())
        let scores = try text.array("logits")
        #expect(scores.shape == [5, 5])
        let tokens = lines.map(SmallVocabulary.tokens)
        try #require(tokens.allSatisfy { $0.count == 5 })
        for (name, numbers) in [
            ("ids", tokens.flatMap { $0 }), ("mask", [Int64](repeating: 1, count: 25)),
            ("types", [Int64](repeating: 0, count: 25)),
        ] { try folder.write(NumPyArray.file(shape: [5, 5], numbers), to: "\(name).npy") }
        let arrays = try TestJob(
            model: model,
            inputs: [
                ("input_ids", "\(folder.path)/ids.npy"), ("attention_mask", "\(folder.path)/mask.npy"),
                ("token_type_ids", "\(folder.path)/types.npy"),
            ], microbatch: 5)
        try MPInfer.expectSuccess(try arrays.run(["-q"]))
        #expect(try arrays.array("logits").values == scores.values)
    }

    @Test("pooling by the first token, and none", .enabled(if: hasMaterial, "\(Material.absent)"))
    func poolings() throws {
        let folder = try ScratchFolder()
        let model = try folder.copy(TextTests.encoder("distilbert").folder, to: "model")
        try folder.write(SmallVocabulary.text, to: "model/vocab.txt")
        try folder.write("word1 a\nword2 b\n", to: "lines.txt")
        func run(_ embeddings: String, _ output: String) throws -> NumPyArray {
            let job = try TextJob(
                model: model, input: "{text: lines.txt}", microbatch: 2, others: ["embeddings: \(embeddings)"],
                folder: folder)
            // Without padding to a multiple, there is none.
            try MPInfer.expectSuccess(try job.run(["--set", "schedule.padding=1"]))
            return try job.array(output)
        }
        let tokens = try run("{pooling: none}", "last_hidden_state")
        try #require(tokens.shape == [2, 4, 48])
        let first = try run("{pooling: cls}", "sentence_embedding")
        #expect(first.values == Array(tokens.values[0..<48] + tokens.values[4 * 48..<5 * 48]))
        let mean = try run("{pooling: mean}", "sentence_embedding")
        for row in 0..<2 {
            for column in 0..<48 {
                let sum = (0..<4).reduce(0.0) { $0 + tokens.values[(row * 4 + $1) * 48 + column] }
                #expect(abs(mean.values[row * 48 + column] - sum / 4) < 1e-5)
            }
        }
        let normal = try run("{pooling: mean, normalize: true}", "sentence_embedding")
        for row in 0..<2 {
            let length = normal.values[row * 48..<(row + 1) * 48].reduce(0.0) { $0 + $1 * $1 }
            #expect(abs(length - 1) < 1e-5)
        }
    }

    @Test("what cannot be done is refused", .enabled(if: hasMaterial, "\(Material.absent)"))
    func refused() throws {
        let folder = try ScratchFolder()
        let model = try folder.copy(TextTests.encoder("bert").folder, to: "model")
        try folder.write(SmallVocabulary.text, to: "model/vocab.txt")
        try folder.write("fine\nword1\n", to: "lines.txt")
        try folder.write(Array("fine\nab".utf8) + [0xC3, 0x28] + Array("\n".utf8), to: "latin.txt")
        try folder.write("", to: "empty.txt")
        try folder.write("{\"sentence\": \"a\"}\n{\"sentense\": \"b\"}\n", to: "typo.jsonl")
        try folder.write("{\"sentence\": \"a\"}\n{\"sentence\": 3}\n", to: "number.jsonl")
        try folder.write("{\"sentence\": \"a\"}\nplain\n", to: "plain.jsonl")
        try folder.write("{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}", to: "bpe.json")
        let cases: [(String, [String])] = [
            ("{text: latin.txt}", ["latin.txt", "line 2", "byte 3", "UTF-8"]),
            ("{text: empty.txt}", ["empty.txt", "no lines"]),
            ("{text: absent.txt}", ["absent.txt"]),
            ("{text: typo.jsonl, field: sentence}", ["typo.jsonl", "line 2", "sentence", "sentense"]),
            ("{text: number.jsonl, field: sentence}", ["number.jsonl", "line 2", "no text"]),
            ("{text: plain.jsonl, field: sentence}", ["plain.jsonl", "line 2", "JSON"]),
            ("{text: lines.txt, tokenizer: bpe.json}", ["bpe.json", "model.type", "BPE"]),
            ("{text: lines.txt, tokenizer: elsewhere}", ["elsewhere"]),
            ("{text: lines.txt, max-length: 41}", ["41", "40"]),
            ("{text: lines.txt, max-length: 2}", ["2", "special"]),
        ]
        for (input, words) in cases {
            let job = try TextJob(model: model, input: input, folder: folder)
            MPInfer.expectFailure(try job.run(), words)
            #expect(folder.names(in: "out").isEmpty, "left behind in the output folder")
        }
        let unpooled = try TextJob(
            model: model, input: "{text: lines.txt}", others: ["embeddings: {normalize: true}"], folder: folder)
        MPInfer.expectFailure(try unpooled.run(), ["pooling"])
        let image = try #require(Material.cases("models").first)
        let other = try TextJob(
            model: image.model, input: "{text: lines.txt, tokenizer: model/vocab.txt}", folder: folder)
        MPInfer.expectFailure(try other.run(), ["texts", "input_ids"])
    }

    @Test("a damaged model's folder is refused", .enabled(if: hasMaterial, "\(Material.absent)"))
    func damaged() throws {
        let folder = try ScratchFolder()
        let model = try folder.copy(TextTests.encoder("bert").folder, to: "model")
        try folder.write(SmallVocabulary.text, to: "model/vocab.txt")
        try folder.write("word1\n", to: "lines.txt")
        let job = try TextJob(model: model, input: "{text: lines.txt}", folder: folder)
        let weights = try folder.bytes("model/model.safetensors")
        try folder.write(weights.dropLast(1), to: "model/model.safetensors")
        MPInfer.expectFailure(try job.run(ranks: 2), ["model.safetensors", "ends at", "bytes"])
        try folder.write(weights + [0], to: "model/model.safetensors")
        MPInfer.expectFailure(try job.run(), ["model.safetensors", "the tensors end"])
        try folder.write("{\"model_type\": \"mamba\"}", to: "model/config.json")
        MPInfer.expectFailure(try job.run(), ["config.json", "'mamba'", "bert, distilbert"])
        MPInfer.expectFailure(
            try MPInfer.run(["inspect", model]), ["config.json", "'mamba'", "bert, distilbert"])
    }
}
