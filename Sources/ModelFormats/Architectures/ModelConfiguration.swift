internal import FoundationEssentials
internal import Tensors

/// What a model's `config.json` says, as far as the architectures here ask for it. Keys that are left out have the
/// values that the architecture gives them.
struct ModelConfiguration {
    let path: String
    let modelType: String
    /// The class that the weights were saved from, as in `BertForSequenceClassification`.
    let architecture: String?
    let transformersVersion: String?
    private let fields: Fields

    init(folder: String) throws(ModelError) {
        path = "\(folder)/config.json"
        let file = try JSONFile(path: path)
        fields = try file.decode(Fields.self)
        _ = try file.requireDistinctKeys(naming: "keys")
        guard let modelType = fields.text["model_type"] else {
            throw ModelError(path: path, reason: "'model_type' is missing, so that the architecture is not known")
        }
        self.modelType = modelType
        architecture = fields.lists["architectures"]?.first
        transformersVersion = fields.text["transformers_version"]
    }

    /// The simple values of the outermost object by kind; everything else in it is passed over.
    private struct Fields: Decodable {
        var text: [String: String] = [:]
        var numbers: [String: Double] = [:]
        var flags: [String: Bool] = [:]
        var lists: [String: [String]] = [:]
        /// Names of classes by their numbers.
        var labels: [String: String] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            for key in container.allKeys {
                let name = key.stringValue
                if let value = try? container.decode(String.self, forKey: key) {
                    text[name] = value
                } else if let value = try? container.decode(Bool.self, forKey: key) {
                    flags[name] = value
                } else if let value = try? container.decode(Double.self, forKey: key) {
                    numbers[name] = value
                } else if let value = try? container.decode([String].self, forKey: key) {
                    lists[name] = value
                } else if name == "id2label", let value = try? container.decode([String: String].self, forKey: key) {
                    labels = value
                }
            }
        }
    }

    // MARK: Values

    func error(_ key: String, _ reason: String) -> ModelError { ModelError(path: path, reason: "'\(key)' \(reason)") }

    /// A count that weights and shapes depend on.
    func count(_ key: String, default standard: Int? = nil, within range: ClosedRange<Int> = 1...1 << 24)
        throws(ModelError) -> Int
    {
        guard let number = fields.numbers[key] else {
            guard !isThere(key) else { throw error(key, "must be a whole number") }
            guard let standard else { throw error(key, "is missing") }
            return standard
        }
        guard let count = Int(exactly: number), range.contains(count) else {
            throw error(
                key, "is \(number), and must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    func number(_ key: String, default standard: Double) throws(ModelError) -> Double {
        guard let number = fields.numbers[key] else {
            guard !isThere(key) else { throw error(key, "must be a number") }
            return standard
        }
        return number
    }

    func text(_ key: String, default standard: String) throws(ModelError) -> String {
        guard let text = fields.text[key] else {
            guard !isThere(key) else { throw error(key, "must be a text") }
            return standard
        }
        return text
    }

    func flag(_ key: String, default standard: Bool) throws(ModelError) -> Bool {
        guard let flag = fields.flags[key] else {
            guard !isThere(key) else { throw error(key, "must be true or false") }
            return standard
        }
        return flag
    }

    private func isThere(_ key: String) -> Bool {
        fields.text[key] != nil || fields.numbers[key] != nil || fields.flags[key] != nil || fields.lists[key] != nil
    }

    /// How many classes a classifier has, where the file tells it.
    var labelCount: Int? {
        get throws(ModelError) {
            if !fields.labels.isEmpty { return fields.labels.count }
            return isThere("num_labels") ? try count("num_labels") : nil
        }
    }

    /// The names of the classes in order, where each of them has one.
    var labelNames: [String]? {
        let names = (0..<fields.labels.count).compactMap { fields.labels[String($0)] }
        return names.isEmpty || names.count != fields.labels.count ? nil : names
    }

    /// The function of a feed-forward layer.
    func activation(_ key: String) throws(ModelError) -> EncoderActivation {
        let name = try text(key, default: "gelu")
        guard let activation = EncoderActivation.table[name] else {
            let known = EncoderActivation.table.keys.sorted().joined(separator: ", ")
            throw error(key, "is '\(name)', and only \(known) are known")
        }
        return activation
    }
}
