internal import FoundationEssentials

/// What a model's folder says about texts in addition to the model itself: how long they may be, and, in the files of
/// sentence-transformers, how tokens become one vector.
public struct TextModelFolder: Sendable {
    /// The most tokens that the model has positions for, special ones included; nil where nothing tells it.
    public let positions: Int?
    /// The most tokens that texts should be cut to.
    public let length: Int?
    /// How tokens become a vector for each text; nil where the folder does not say.
    public let embedding: Embedding?

    /// Reads `config.json`, `modules.json`, `sentence_bert_config.json` and the settings of the modules, all of which may be
    /// missing.
    ///
    /// - Throws: where one of them is damaged, or asks for what is not known here.
    public init(_ folder: String) throws(ModelError) {
        func file<Value: Decodable>(_ name: String, _ type: Value.Type) throws(ModelError) -> Value? {
            let path = "\(folder)/\(name)"
            return FileManager.default.fileExists(atPath: path) ? try JSONFile(path: path).decode(type) : nil
        }
        if let configuration = try file("config.json", Configuration.self),
            let count = configuration.maxPositionEmbeddings
        {
            // RoBERTa counts positions from behind the padding token's number.
            let isOffset = ["roberta", "xlm-roberta"].contains(configuration.modelType)
            let padding = min(max(configuration.padTokenId ?? 1, 0), 1 << 24)
            positions = isOffset ? max(0, min(count, 1 << 24) - padding - 1) : max(0, count)
        } else {
            positions = nil
        }
        let sentences = try file("sentence_bert_config.json", SentenceConfiguration.self)
        if sentences?.doLowerCase == true {
            throw ModelError(
                path: "\(folder)/sentence_bert_config.json",
                reason:
                    "'do_lower_case' is true, which is not known here; use a tokenizer that makes letters small itself")
        }
        if let length = sentences?.maxSeqLength, length < 1 {
            throw ModelError(
                path: "\(folder)/sentence_bert_config.json", reason: "'max_seq_length' is \(length)")
        }
        length = sentences?.maxSeqLength
        guard let modules = try file("modules.json", [Module].self) else {
            embedding = nil
            return
        }
        var pooling: Embedding.Pooling?
        var normalizes = false
        for module in modules {
            switch module.type.split(separator: ".").last {
            case "Transformer": break
            case "Normalize": normalizes = true
            case "Pooling":
                let path = "\(folder)/\(module.path)/config.json"
                pooling = try JSONFile(path: path).decode(PoolingConfiguration.self).pooling(path: path)
            default:
                throw ModelError(
                    path: "\(folder)/modules.json",
                    reason: "the module '\(module.type)' is not known; only Transformer, Pooling and Normalize are")
            }
        }
        embedding = pooling.map { Embedding(pooling: $0, normalizes: normalizes) }
    }

    private struct Configuration: Decodable {
        var modelType: String?
        var maxPositionEmbeddings: Int?
        var padTokenId: Int?

        private enum CodingKeys: String, CodingKey {
            case modelType = "model_type"
            case maxPositionEmbeddings = "max_position_embeddings"
            case padTokenId = "pad_token_id"
        }
    }

    private struct SentenceConfiguration: Decodable {
        var maxSeqLength: Int?
        var doLowerCase: Bool?

        private enum CodingKeys: String, CodingKey {
            case maxSeqLength = "max_seq_length"
            case doLowerCase = "do_lower_case"
        }
    }

    private struct Module: Decodable {
        let type: String
        let path: String
    }

    private struct PoolingConfiguration: Decodable {
        var modes: [String] = []

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            for key in container.allKeys where key.stringValue.hasPrefix("pooling_mode_") {
                if try container.decode(Bool.self, forKey: key) { modes.append(key.stringValue) }
            }
            if let mode = try? container.decode(String.self, forKey: AnyKey(stringValue: "pooling_mode")) {
                modes.append(mode)
            }
        }

        func pooling(path: String) throws(ModelError) -> Embedding.Pooling {
            switch modes {
            case ["pooling_mode_mean_tokens"], ["mean"]: return .mean
            case ["pooling_mode_cls_token"], ["cls"]: return .cls
            default:
                throw ModelError(
                    path: path,
                    reason:
                        "the pooling is \(modes.isEmpty ? "none" : modes.sorted().joined(separator: " and ")), and only "
                        + "pooling_mode_mean_tokens or pooling_mode_cls_token alone are known")
            }
        }
    }
}
