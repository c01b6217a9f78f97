import FoundationEssentials
import TestSupport

/// A job that takes text, in a folder of its own.
struct TextJob {
    let folder: ScratchFolder
    var specification: String { "\(folder.path)/job.yaml" }

    /// - Parameters:
    ///   - model: its path.
    ///   - input: the value of `input`, in YAML's flow style.
    ///   - others: further lines.
    init(model: String, input: String, microbatch: Int = 8, others: [String] = [], folder: ScratchFolder) throws {
        self.folder = folder
        let lines = [
            "version: 1", "model: \(quoted(model))", "input: \(input)", "outputs: {folder: out}",
            "schedule: {microbatch: \(microbatch)}",
        ]
        try folder.write((lines + others).joined(separator: "\n") + "\n", to: "job.yaml")
    }

    func run(ranks: Int? = nil, _ arguments: [String] = []) throws -> ProcessRun {
        try MPInfer.run(["run", specification, "-q"] + arguments, ranks: ranks, timeout: 600)
    }

    func bytes(_ output: String = "sentence_embedding.npy") throws -> [UInt8] { try folder.bytes("out/\(output)") }

    func array(_ output: String = "sentence_embedding") throws -> NumPyArray {
        try NumPyArray(path: "\(folder.path)/out/\(output).npy")
    }
}

/// A tokenizer for the small encoders of the material, whose vocabulary has 120 pieces.
enum SmallVocabulary {
    static let text: String = {
        var pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        pieces += "abcdefghijklmnopqrstuvwxyz".map(String.init)
        pieces += "abcdefghijklmnopqrstuvwxyz".map { "##\($0)" }
        pieces += (0..<63).map { "word\($0)" }
        return pieces.joined(separator: "\n") + "\n"
    }()

    /// The tokens of a line that is made of whole words and letters of that vocabulary.
    static func tokens(_ line: String) -> [Int64] {
        let pieces = text.split(separator: "\n").map(String.init)
        let words = line.split(separator: " ").map { word in Int64(pieces.firstIndex(of: String(word))!) }
        return [2] + words + [3]
    }
}
