internal import FoundationEssentials
internal import Graphs
internal import Tensors

/// Reads folders as Hugging Face's transformers saves them: `config.json` says what the model is, safetensors files hold
/// its weights, and an `Architecture` makes the graph.
public enum HuggingFaceImporter {
    /// The graph of a model's folder. Weights stay where they lie and are referred to.
    ///
    /// - Throws: `ModelError`, naming the file, and the key or the tensor that is wrong.
    public static func load(folder: String) throws(ModelError) -> ImportedModel {
        guard FileManager.default.fileExists(atPath: "\(folder)/config.json") else {
            throw ModelError(path: folder, reason: "there is no config.json in this folder, so it is no model")
        }
        let configuration = try ModelConfiguration(folder: folder)
        guard let architecture = Architecture.table[configuration.modelType] else {
            let known = Architecture.table.keys.sorted().joined(separator: ", ")
            throw configuration.error(
                "model_type",
                "is '\(configuration.modelType)', and only \(known) are known; export other models to ONNX")
        }
        let graph = try architecture.build(configuration, SafetensorsWeights(folder: folder))
        let fingerprint: String
        do { fingerprint = try Fingerprint(of: graph).hexadecimal } catch {
            throw ModelError(path: folder, reason: "its structure cannot be hashed: \(error)")
        }
        var metadata: [String: String] = ["model_type": configuration.modelType]
        if let names = configuration.labelNames { metadata["labels"] = names.joined(separator: "\n") }
        return ImportedModel(
            graph: graph, opset: nil, irVersion: nil,
            producer: configuration.transformersVersion.map { "transformers \($0)" } ?? "", metadata: metadata,
            fingerprint: fingerprint)
    }
}
