public import FoundationEssentials

/// Values as JSON that people can read.
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
}
