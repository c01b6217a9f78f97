internal import FoundationEssentials
public import Graphs

/// A model as it came out of its file: the graph, and what the file says about itself.
public struct ImportedModel: Sendable {
    public var graph: Graph
    /// The version of the standard operator set that the file's operators follow; nil for what is no ONNX model.
    public var opset: Int?
    public var irVersion: Int?
    /// The tool that wrote the file, with its version; empty when the file does not say.
    public var producer: String
    /// Key and value pairs that the producer left, such as a list of class names.
    public var metadata: [String: String]
    /// 16 hexadecimal digits that two files share when their graphs have the same structure, names, attributes and
    /// small constants; large weights count by type only.
    public var fingerprint: String

    public init(
        graph: Graph, opset: Int?, irVersion: Int?, producer: String, metadata: [String: String], fingerprint: String
    ) {
        self.graph = graph
        self.opset = opset
        self.irVersion = irVersion
        self.producer = producer
        self.metadata = metadata
        self.fingerprint = fingerprint
    }
}

extension ImportedModel {
    /// Reads a model: a folder as Hugging Face's transformers saves it, or an ONNX file.
    public static func load(path: String) throws(ModelError) -> ImportedModel {
        var isFolder = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder {
            return try HuggingFaceImporter.load(folder: path)
        }
        return try ONNXImporter.load(path: path)
    }
}
