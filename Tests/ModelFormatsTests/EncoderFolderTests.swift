import FoundationEssentials
import Graphs
import Tensors
import TestSupport
import Testing

@testable import ModelFormats

/// Folders with config.json and safetensors files; what they compute is tested by `RunTests`.
@Suite struct EncoderFolderTests {
    private static let cases = Material.cases("encoders").filter { !$0.model.hasSuffix(".onnx") }

    @Test(
        "weights stay in their files, and the graph holds together",
        .enabled(if: Material.isThere("encoders"), "\(Material.absent)"), arguments: cases)
    func folder(_ test: Material.Case) throws {
        let model = try HuggingFaceImporter.load(folder: test.model)
        let graph = try Passes.standard(model.graph, evaluate: TestEvaluator.evaluate).graph
        for (value, constant) in model.graph.constants where constant.type.dtype.isFloatingPoint {
            guard constant.type.shape.rank > 0 else { continue }
            #expect(constant.tensor == nil, "\(model.graph.name(of: value)) was read")
        }
        let types = try graph.inputTypes(symbols: ["batch": 2, "sequence": 9])
        let bound = try BoundGraph(graph, inputTypes: types, evaluate: TestEvaluator.evaluate)
        for output in graph.outputs { #expect(bound.type(of: output)?.shape[0] == 2) }
        // The same folder, the same number; another architecture, another one.
        #expect(try HuggingFaceImporter.load(folder: test.model).fingerprint == model.fingerprint)
        let others = EncoderFolderTests.cases.filter { $0.name != test.name }
        for other in others where other.name != "bert-sharded" && test.name != "bert-sharded" {
            #expect(try HuggingFaceImporter.load(folder: other.model).fingerprint != model.fingerprint)
        }
    }

    /// A change to config.json, and the words that the error must have.
    struct Change: Sendable, CustomStringConvertible {
        let key: String
        let value: String
        let words: [String]
        var description: String { "\(key): \(value)" }
    }

    private static let changes = [
        Change(key: "model_type", value: "\"t5\"", words: ["'t5'", "bert", "distilbert", "roberta"]),
        Change(key: "model_type", value: "3", words: ["model_type", "missing"]),
        Change(key: "hidden_act", value: "\"mish\"", words: ["hidden_act", "'mish'", "gelu_new"]),
        Change(
            key: "position_embedding_type", value: "\"relative_key\"",
            words: ["position_embedding_type", "relative_key", "absolute"]),
        Change(key: "is_decoder", value: "true", words: ["is_decoder"]),
        Change(key: "architectures", value: "[\"BertForQuestionAnswering\"]", words: ["BertForQuestionAnswering"]),
        Change(key: "num_attention_heads", value: "5", words: ["num_attention_heads", "5", "48"]),
        Change(key: "hidden_size", value: "64", words: ["word_embeddings.weight", "120x48", "120x64"]),
        Change(key: "num_hidden_layers", value: "4", words: ["encoder.layer.3"]),
        Change(key: "num_hidden_layers", value: "-1", words: ["num_hidden_layers", "-1"]),
        Change(key: "num_hidden_layers", value: "1e300", words: ["num_hidden_layers"]),
        Change(key: "vocab_size", value: "\"many\"", words: ["vocab_size"]),
        Change(key: "layer_norm_eps", value: "\"small\"", words: ["layer_norm_eps"]),
    ]

    @Test(
        "what is not known is refused by name", .enabled(if: Material.isThere("encoders"), "\(Material.absent)"),
        arguments: changes)
    func refused(_ change: Change) throws {
        let source = try #require(EncoderFolderTests.cases.first { $0.name == "bert" }).folder
        let folder = try ScratchFolder()
        try folder.copy("\(source)/model.safetensors", to: "model.safetensors")
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(source)/config.json")), as: UTF8.self)
        var lines = text.split(separator: "\n").map(String.init)
        // The outermost keys are on lines of their own, unless they hold lists.
        if change.key == "architectures" {
            let start = try #require(lines.firstIndex { $0.hasPrefix("  \"architectures\"") })
            lines.replaceSubrange(start...(start + 2), with: [])
        }
        lines.removeAll { $0.hasPrefix("  \"\(change.key)\":") }
        lines.insert("  \"\(change.key)\": \(change.value),", at: 1)
        try folder.write(lines.joined(separator: "\n"), to: "config.json")
        let error = #expect(throws: ModelError.self) { try HuggingFaceImporter.load(folder: folder.path) }
        for word in change.words {
            #expect(error?.description.contains(word) == true, "must contain '\(word)': \(String(describing: error))")
        }
    }

    @Test("every prefix of a config.json", .enabled(if: Material.isThere("encoders"), "\(Material.absent)"))
    func prefixes() throws {
        let source = try #require(EncoderFolderTests.cases.first { $0.name == "bert" }).folder
        let folder = try ScratchFolder()
        try folder.copy("\(source)/model.safetensors", to: "model.safetensors")
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(source)/config.json")))
        for count in 0..<bytes.count - 2 {
            try folder.write(bytes[..<count], to: "config.json")
            #expect(throws: ModelError.self, "\(count) bytes") { try HuggingFaceImporter.load(folder: folder.path) }
        }
    }

    @Test("a folder that is no model") func empty() throws {
        let folder = try ScratchFolder()
        let error = #expect(throws: ModelError.self) { try HuggingFaceImporter.load(folder: folder.path) }
        #expect(error?.description.contains("config.json") == true)
        try folder.write("{\"model_type\": \"bert\"}", to: "config.json")
        let other = #expect(throws: ModelError.self) { try HuggingFaceImporter.load(folder: folder.path) }
        #expect(other?.description.contains("model.safetensors.index.json") == true)
    }
}
