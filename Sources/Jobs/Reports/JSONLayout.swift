public import FoundationEssentials

/// Values as JSON that people can read, and what is wrong with JSON that they wrote.
public enum JSONLayout {
    /// With a line for each key, in alphabetical order, and a newline at the end.
    public static func pretty(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + [UInt8(ascii: "\n")]
    }

    /// The same as text, without the newline.
    public static func text(_ value: some Encodable) throws -> String {
        String(decoding: try pretty(value).dropLast(), as: UTF8.self)
    }

    /// Where a value could not be decoded and why, in a sentence.
    static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context): return "'\(at(context.codingPath + [key]))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return "\(at(context.codingPath)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }

    private static func at(_ path: [any CodingKey]) -> String {
        path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}
