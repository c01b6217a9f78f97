internal import FoundationEssentials

/// What is wrong with JSON that could not be decoded, in words for whoever wrote it.
public enum JSONFault {
    /// Where it is, by line and column or by its key in dotted form; what was expected there, and what was found.
    ///
    /// - Parameters:
    ///   - error: from Foundation's decoder, or from an initialiser that it called.
    ///   - bytes: the text that was decoded.
    public static func sentence(_ error: any Error, in bytes: some Collection<UInt8>) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let bytes = Array(bytes)
        if let fault = JSONSyntax.firstFault(in: bytes) {
            return "this is no JSON: line \(fault.line), column \(fault.column): \(fault.reason)"
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "the key '\(place(context.codingPath + [key]))' is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return
                "\(subject(context.codingPath)) is \(found(at: context.codingPath, in: bytes)), expected \(name(of: type))"
        case .dataCorrupted(let context):
            // Foundation tells neither which number it is nor where.
            guard !context.codingPath.isEmpty else {
                return "a number in it is too large, or has a fraction where a whole number is expected"
            }
            // Foundation speaks of Swift's types here; what the initialisers of this project say is meant for people.
            let isOurs = context.underlyingError == nil && !context.debugDescription.contains("JSON")
            let reason =
                isOurs && !context.debugDescription.contains("number")
                ? context.debugDescription : "no value that can be here"
            return "\(subject(context.codingPath)) is \(found(at: context.codingPath, in: bytes)), \(reason)"
        @unknown default: return "the JSON is not as it should be here"
        }
    }

    private static func subject(_ path: [any CodingKey]) -> String { path.isEmpty ? "the file" : "'\(place(path))'" }

    /// `stages[0].layers`
    private static func place(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text in quotes"
        case is Bool.Type: "true or false"
        case is Double.Type, is Float.Type: "a number"
        case is any FixedWidthInteger.Type: "a whole number"
        case is [Any].Type: "a list [...]"
        case is [String: Any].Type: "an object {...}"
        default: "\(type)".hasPrefix("Array") ? "a list [...]" : "an object {...}"
        }
    }

    private static func found(at path: [any CodingKey], in bytes: [UInt8]) -> String {
        guard let value = try? JSONDecoder().decode(AnyValue.self, from: Data(bytes)).value(at: path[...]) else {
            return "something else"
        }
        return value.words
    }

    /// Any JSON, to say what is at a place.
    private indirect enum AnyValue: Decodable {
        case null
        case truth(Bool)
        case number(Double)
        case text(String)
        case list([AnyValue])
        case object([String: AnyValue])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .truth(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else if let value = try? container.decode([AnyValue].self) {
                self = .list(value)
            } else {
                self = .object(try container.decode([String: AnyValue].self))
            }
        }

        func value(at path: ArraySlice<any CodingKey>) -> AnyValue? {
            guard let key = path.first else { return self }
            switch self {
            case .list(let values):
                guard let index = key.intValue, values.indices.contains(index) else { return nil }
                return values[index].value(at: path.dropFirst())
            case .object(let members): return members[key.stringValue]?.value(at: path.dropFirst())
            case .null, .truth, .number, .text: return nil
            }
        }

        var words: String {
            switch self {
            case .null: "null"
            case .truth(let value): "\(value)"
            case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
            case .text(let value): "the text \"\(value.prefix(60))\""
            case .list: "a list"
            case .object: "an object"
            }
        }
    }
}
