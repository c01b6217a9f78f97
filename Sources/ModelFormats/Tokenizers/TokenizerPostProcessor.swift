/// The part of `tokenizer.json` that says what is put around a text.
struct TokenizerPostProcessor: Decodable {
    /// One element of a template: a special token, or the text.
    struct Element: Decodable {
        struct Reference: Decodable {
            let id: String
            let typeId: Int32

            private enum CodingKeys: String, CodingKey {
                case id
                case typeId = "type_id"
            }
        }
        var specialToken: Reference?
        var sequence: Reference?

        private enum CodingKeys: String, CodingKey {
            case specialToken = "SpecialToken"
            case sequence = "Sequence"
        }
    }

    struct SpecialToken: Decodable {
        let ids: [Int32]
    }

    /// As in `["[SEP]", 102]`.
    struct NamedToken: Decodable {
        let id: Int32

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            _ = try container.decode(String.self)
            id = try container.decode(Int32.self)
        }
    }

    let type: String
    // TemplateProcessing
    var single: [Element]?
    var specialTokens: [String: SpecialToken]?
    // BertProcessing
    var cls: NamedToken?
    var sep: NamedToken?

    private enum CodingKeys: String, CodingKey {
        case type, single, cls, sep
        case specialTokens = "special_tokens"
    }

    func template(path: String) throws(ModelError) -> TokenTemplate {
        func error(_ reason: String) -> ModelError { ModelError(path: path, reason: "'post_processor' \(reason)") }
        if type == "BertProcessing" {
            guard let cls, let sep, cls.id >= 0, sep.id >= 0 else { throw error("lacks 'cls' or 'sep'") }
            return TokenTemplate(before: [.init(id: cls.id, type: 0)], behind: [.init(id: sep.id, type: 0)])
        }
        guard let single else { throw error("lacks 'single'") }
        var template = TokenTemplate()
        var hasText = false
        for element in single {
            if let text = element.sequence {
                guard text.id == "A", !hasText else { throw error("must have the text A once in 'single'") }
                hasText = true
                template.type = text.typeId
            } else if let special = element.specialToken {
                guard let ids = specialTokens?[special.id]?.ids, ids.allSatisfy({ $0 >= 0 }) else {
                    throw error("names the special token '\(special.id)', which 'special_tokens' does not tell")
                }
                let tokens = ids.map { TokenTemplate.Special(id: $0, type: special.typeId) }
                if hasText { template.behind += tokens } else { template.before += tokens }
            } else {
                throw error("has an element in 'single' that is neither a special token nor a text")
            }
        }
        guard hasText else { throw error("must have the text A once in 'single'") }
        return template
    }
}
