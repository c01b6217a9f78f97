internal import FoundationEssentials
internal import Graphs
internal import Tensors

/// The weights of a model's folder by their names: of `model.safetensors`, or of the files that
/// `model.safetensors.index.json` lists. They stay where they lie.
struct SafetensorsWeights {
    /// The file that the names come from.
    let path: String
    private let entries: [String: SafetensorsFile.Entry]

    static let singleName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"

    /// - Parameter folder: a model's folder.
    init(folder: String) throws(ModelError) {
        func there(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }
        if there(SafetensorsWeights.singleName) {
            try self.init(file: "\(folder)/\(SafetensorsWeights.singleName)")
        } else if there(SafetensorsWeights.indexName) {
            try self.init(index: "\(folder)/\(SafetensorsWeights.indexName)", folder: folder)
        } else {
            let other = there("pytorch_model.bin") ? " (pytorch_model.bin is not read: save the model again)" : ""
            throw ModelError(
                path: folder,
                reason: "neither \(SafetensorsWeights.singleName) nor \(SafetensorsWeights.indexName) is there\(other)")
        }
    }

    private init(file path: String) throws(ModelError) {
        self.path = path
        entries = try SafetensorsFile(path: path).entries
    }

    private struct Index: Decodable {
        let weightMap: [String: String]

        private enum CodingKeys: String, CodingKey {
            case weightMap = "weight_map"
        }
    }

    private init(index path: String, folder: String) throws(ModelError) {
        self.path = path
        let file = try JSONFile(path: path)
        let map = try file.decode(Index.self).weightMap
        _ = try file.requireDistinctKeys(naming: "keys")
        var shards: [String: SafetensorsFile] = [:]
        for name in Set(map.values).sorted() {
            // An index must not name files that its user did not hand over with it.
            guard !name.isEmpty, !name.contains("/"), name != "..", !name.contains("\0") else {
                throw ModelError(path: path, reason: "weight_map names the file '\(name)', which is not in the folder")
            }
            let shard = "\(folder)/\(name)"
            guard FileManager.default.fileExists(atPath: shard) else {
                let count = map.values.count { $0 == name }
                throw ModelError(path: path, reason: "'\(name)' is not there, \(count) of its tensors are wanted")
            }
            shards[name] = try SafetensorsFile(path: shard)
        }
        var entries: [String: SafetensorsFile.Entry] = [:]
        for (tensor, name) in map.sorted(by: { $0.key < $1.key }) {
            guard let entry = shards[name]?.entries[tensor] else {
                throw ModelError(path: path, reason: "tensor '\(tensor)' should be in '\(name)', and is not")
            }
            entries[tensor] = entry
        }
        self.entries = entries
    }

    var names: Dictionary<String, SafetensorsFile.Entry>.Keys { entries.keys }

    func contains(_ name: String) -> Bool { entries[name] != nil }

    /// A weight, as a reference to where it lies.
    /// - Throws: where there is none, or where it has other extents than the architecture needs.
    func constant(_ name: String, shape: Shape) throws(ModelError) -> Constant {
        guard let entry = entries[name] else {
            throw ModelError(path: path, reason: "there is no tensor '\(name)', which config.json leads to expect")
        }
        guard entry.type.shape == shape else {
            throw ModelError(
                path: entry.region.path, offset: entry.headerOffset,
                reason: "tensor '\(name)' is \(entry.type.shape), and by config.json it should be \(shape)")
        }
        guard entry.type.dtype.isFloatingPoint else {
            throw ModelError(
                path: entry.region.path, offset: entry.headerOffset,
                reason: "tensor '\(name)' holds \(entry.type.dtype), and a floating-point type is needed")
        }
        return .file(entry.region, entry.type)
    }
}
