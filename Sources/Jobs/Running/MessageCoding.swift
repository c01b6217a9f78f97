internal import FoundationEssentials

/// Values as messages between ranks.
enum MessageCoding {
    static func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        // In a list, since a property list cannot be a single value.
        return Array(try encoder.encode([value]))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try PropertyListDecoder().decode([Value].self, from: Data(bytes))[0]
    }
}
