public import Graphs
internal import Tensors

/// Model files that run one after the other as one model.
public struct ModelChain: Sendable {
    /// A model of the chain, and the names of tensors that some of its inputs take instead of their own.
    public struct Entry: Sendable {
        public let path: String
        public let wires: [String: String]

        public init(path: String, wires: [String: String] = [:]) {
            self.path = path
            self.wires = wires
        }
    }

    /// The models as they came out of their files.
    public let models: [ImportedModel]
    public let joined: GraphChain

    /// - Parameters:
    ///   - read: reads one file; a file that is in the chain twice is read once.
    ///   - extraOutputs, suggestion: as `GraphChain` has them.
    public init(
        _ entries: [Entry], extraOutputs: [String] = [], suggestion: (String, [String]) -> String = { _, _ in "" },
        read: (_ path: String) throws -> ImportedModel
    ) throws {
        var files: [String: ImportedModel] = [:]
        var models: [ImportedModel] = []
        for entry in entries {
            let model = try files[entry.path] ?? read(entry.path)
            files[entry.path] = model
            models.append(model)
        }
        self.models = models
        joined = try GraphChain(
            zip(entries, models).map { GraphChain.Part(graph: $1.graph, source: $0.path, wires: $0.wires) },
            extraOutputs: extraOutputs, suggestion: suggestion)
    }

    /// All of them as one model. Its fingerprint is that of every model and of the wires between them.
    public var model: ImportedModel {
        var fingerprint = Fingerprint()
        for model in models { fingerprint.add("model \(model.fingerprint)") }
        for wire in joined.wires { fingerprint.add("wire \(wire.from) \(wire.output) \(wire.to) \(wire.input)") }
        for input in joined.graph.inputs { fingerprint.add("input \(joined.graph.name(of: input.value))") }
        for output in joined.graph.outputs { fingerprint.add("output \(joined.graph.name(of: output))") }
        var producers: [String] = []
        for model in models where !model.producer.isEmpty && !producers.contains(model.producer) {
            producers.append(model.producer)
        }
        return ImportedModel(
            graph: joined.graph, opset: models.compactMap(\.opset).max(),
            irVersion: models.compactMap(\.irVersion).max(),
            producer: producers.joined(separator: ", "),
            metadata: models.reduce(into: [:]) { $0.merge($1.metadata) { _, last in last } },
            fingerprint: fingerprint.hexadecimal)
    }
}
