internal import FoundationEssentials
internal import Graphs
internal import SwiftProtobuf
internal import Tensors

/// Reads ONNX files (https://onnx.ai/onnx/repo-docs/IR.html).
public enum ONNXImporter {
    /// The graph of a model file. Weights stay where they lie, inside the file or next to it, and are referred to.
    ///
    /// What cannot be computed here becomes `Operation.unsupported`; only a file that contradicts the standard, or
    /// operators of sets that are too old to be known, are errors.
    ///
    /// - Throws: `ModelError`, with the file, the node or tensor, and what is wrong with it.
    public static func load(path: String) throws(ModelError) -> ImportedModel {
        try load(path: path, payloadLimit: ModelSkeleton.standardPayloadLimit)
    }

    /// - Parameter payloadLimit: weights of more bytes stay where they lie.
    static func load(path: String, payloadLimit: Int) throws(ModelError) -> ImportedModel {
        let skeleton = try ModelSkeleton(path: path, payloadLimit: payloadLimit)
        let model: Onnx_ModelProto
        do {
            model = try Onnx_ModelProto(serializedBytes: skeleton.bytes)
        } catch {
            throw ModelError(path: path, reason: "no ONNX model, or a damaged one (\(error)); copy or export it anew")
        }
        guard model.hasGraph else {
            throw ModelError(path: path, reason: "no ONNX model: there is no graph in it; name one, or export it anew")
        }
        let opset = try opset(of: model, path: path)
        let context = ImportContext(
            path: path, functions: try FunctionTable(model.functions, path: path),
            tensors: TensorReader(modelPath: path, payloads: skeleton.payloads, payloadLimit: payloadLimit))
        var reading = GraphReading(proto: model.graph, context: context, opset: opset ?? ONNXOperator.newestOpset)
        let graph = try reading.graph()
        do {
            return ImportedModel(
                graph: graph, opset: opset, irVersion: Int(model.irVersion),
                producer: [model.producerName, model.producerVersion].filter { !$0.isEmpty }.joined(separator: " "),
                metadata: Dictionary(model.metadataProps.map { ($0.key, $0.value) }) { _, last in last },
                fingerprint: try Fingerprint(of: graph).hexadecimal)
        } catch {
            throw ModelError(path: path, reason: "its structure cannot be hashed: \(error)")
        }
    }

    /// Nil for a model that has operators of other domains only, and need not name one.
    private static func opset(of model: Onnx_ModelProto, path: String) throws(ModelError) -> Int? {
        let known = "opset 1 to \(ONNXOperator.newestOpset)"
        guard let entry = model.opsetImport.first(where: { GraphReading.standardDomains.contains($0.domain) }) else {
            let nodes = model.graph.node
            if !nodes.isEmpty, !nodes.contains(where: { GraphReading.standardDomains.contains($0.domain) }) {
                return nil
            }
            throw ModelError(path: path, reason: "the model names no version of the standard operator set (opset)")
        }
        guard (1...Int64(ONNXOperator.newestOpset)).contains(entry.version) else {
            throw ModelError(
                path: path,
                reason: "the model follows opset \(entry.version), and only \(known) are known; "
                    + "export it for one of these, or convert it with onnx.version_converter")
        }
        return Int(entry.version)
    }
}
