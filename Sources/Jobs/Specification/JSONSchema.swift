/// The JSON Schema (draft 2020-12) that editors check specifications with; kept in jobs/job.schema.json.
enum JSONSchema {
    /// The whole file.
    static var text: String {
        var members: [JSONValue.Member] = [
            .init(key: "$schema", value: .string("https://json-schema.org/draft/2020-12/schema")),
            .init(key: "title", value: .string("mpinfer job, version \(JobSpecification.version)")),
        ]
        if case .object(let rest) = schema(of: JobSpecification.form.outline) { members += rest }
        return JSONValue.object(members).text() + "\n"
    }

    static func schema(of outline: Outline) -> JSONValue {
        switch outline {
        case .text: ["type": "string", "minLength": 1]
        case .boolean: ["type": "boolean"]
        case .integer(let range) where range.lowerBound == range.upperBound: ["const": .integer(range.lowerBound)]
        case .integer(let range):
            ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .number(.none): ["type": "number"]
        case .number(.positive): ["type": "number", "exclusiveMinimum": 0]
        case .number(.notNegative): ["type": "number", "minimum": 0]
        case .choice(let choices): ["enum": .array(choices.map { .string($0.name) })]
        case .list(let element, let count):
            [
                "type": "array", "items": schema(of: element), "minItems": .integer(count.lowerBound),
                "maxItems": .integer(count.upperBound),
            ]
        case .map(let element, _): ["type": "object", "additionalProperties": schema(of: element)]
        case .either(let outlines): ["anyOf": .array(outlines.map(schema(of:)))]
        case .record(let record): schema(of: record)
        }
    }

    private static func schema(of record: RecordOutline) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init(key: "type", value: "object"),
            .init(key: "description", value: .string(record.help)),
            .init(key: "additionalProperties", value: .boolean(false)),
            .init(
                key: "properties",
                value: .object(record.fields.map { JSONValue.Member(key: $0.key, value: schema(of: $0)) })),
        ]
        let required = record.fields.filter(\.isRequired).map { JSONValue.string($0.key) }
        if !required.isEmpty { members.append(.init(key: "required", value: .array(required))) }
        let groups = record.exactlyOne.map { group -> JSONValue in
            ["oneOf": .array(group.map { ["required": .array([.string($0)])] })]
        }
        if !groups.isEmpty { members.append(.init(key: "allOf", value: .array(groups))) }
        return .object(members)
    }

    private static func schema(of field: FieldOutline) -> JSONValue {
        guard case .object(let members) = schema(of: field.outline) else { return .null }
        var result = members.filter { $0.key != "description" }
        result.insert(.init(key: "description", value: .string(field.help + words(of: field.outline))), at: 0)
        if let value = field.defaultValue { result.append(.init(key: "default", value: value)) }
        return .object(result)
    }

    /// What the words of a choice mean; JSON Schema has no place for it but the description.
    private static func words(of outline: Outline) -> String {
        switch outline {
        case .choice(let choices): choices.map { "\n\($0.name): \($0.help)" }.joined()
        case .either(let outlines): outlines.map(words(of:)).joined()
        case .list(let element, _): words(of: element)
        default: ""
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByDictionaryLiteral {
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }
}
