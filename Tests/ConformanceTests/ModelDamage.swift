import TestSupport

/// Damage to the bytes of an ONNX file that keeps it a file: numbers become extreme ones, fields go, come twice or change
/// places, and the lengths around them are written anew. Flipped bytes alone are mostly found by whoever parses them.
struct ModelDamage {
    /// A field of a message of the protocol buffers wire format.
    private indirect enum Field {
        case varint(UInt64, UInt64)
        case fixed(UInt64, [UInt8])
        case bytes(UInt64, [UInt8])
        case message(UInt64, Kind, [Field])
    }

    /// Messages that are looked into; field numbers are those of onnx.proto.
    private enum Kind {
        case model, graph, node, attribute, tensor, valueInfo, type, tensorType, shape, dimension

        func inner(_ field: UInt64) -> Kind? {
            switch (self, field) {
            case (.model, 7): .graph
            case (.graph, 1): .node
            case (.graph, 5), (.attribute, 5): .tensor
            case (.graph, 11), (.graph, 12), (.graph, 13): .valueInfo
            case (.node, 5): .attribute
            case (.attribute, 6): .graph
            case (.valueInfo, 2): .type
            case (.type, 1): .tensorType
            case (.tensorType, 2): .shape
            case (.shape, 1): .dimension
            default: nil
            }
        }
    }

    private let root: [Field]

    /// Nil where the bytes are no message.
    init?(_ bytes: [UInt8]) {
        guard let fields = ModelDamage.parse(bytes[...], .model) else { return nil }
        root = fields
    }

    private static let numbers: [UInt64] = [
        0, 1, 2, 7, 255, 65536, 1 << 31 - 1, 1 << 31, 1 << 32, 1 << 42, 1 << 46, 1 << 53, 1 << 62, UInt64(Int64.max),
        UInt64(bitPattern: -1), UInt64(bitPattern: -2), UInt64(bitPattern: Int64.min),
    ]

    /// The file with one to three things wrong.
    func damaged(_ random: inout SplitMix) -> [UInt8] {
        var fields = root
        for _ in 0..<random.integer(1...3) { ModelDamage.damage(&fields, &random) }
        return ModelDamage.bytes(of: fields)
    }

    private static func damage(_ fields: inout [Field], _ random: inout SplitMix) {
        guard !fields.isEmpty else { return }
        let index = random.integer(0...(fields.count - 1))
        let number = numbers[random.integer(0...(numbers.count - 1))]
        switch fields[index] {
        case .message(let key, let kind, var inner) where random.integer(0...15) > 0:
            damage(&inner, &random)
            fields[index] = .message(key, kind, inner)
        case .varint(let key, _) where random.integer(0...7) > 0: fields[index] = .varint(key, number)
        case .bytes(let key, var content) where !content.isEmpty && random.integer(0...7) > 0:
            if content.count % 8 == 0, random.integer(0...1) == 0 {
                let word = random.integer(0...(content.count / 8 - 1)) * 8
                for byte in 0..<8 { content[word + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte)) }
            } else {
                content[random.integer(0...(content.count - 1))] = UInt8(random.integer(0...255))
            }
            fields[index] = .bytes(key, content)
        case .fixed(let key, let content):
            fields[index] = .fixed(key, content.map { _ in UInt8(random.integer(0...255)) })
        default:
            switch random.integer(0...2) {
            case 0: fields.remove(at: index)
            case 1: fields.insert(fields[index], at: random.integer(0...fields.count))
            default: fields.swapAt(index, random.integer(0...(fields.count - 1)))
            }
        }
    }

    // MARK: The wire format

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    private static func parse(_ bytes: ArraySlice<UInt8>, _ kind: Kind) -> [Field]? {
        var rest = bytes
        var fields: [Field] = []
        while !rest.isEmpty {
            guard let key = varint(&rest) else { return nil }
            switch key & 7 {
            case 0:
                guard let value = varint(&rest) else { return nil }
                fields.append(.varint(key, value))
            case 1, 5:
                let count = key & 7 == 1 ? 8 : 4
                guard rest.count >= count else { return nil }
                fields.append(.fixed(key, Array(rest.prefix(count))))
                rest = rest.dropFirst(count)
            case 2:
                guard let length = varint(&rest), length <= UInt64(rest.count) else { return nil }
                let content = rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
                if let inner = kind.inner(key >> 3), let parsed = parse(content, inner) {
                    fields.append(.message(key, inner, parsed))
                } else {
                    fields.append(.bytes(key, Array(content)))
                }
            default: return nil
            }
        }
        return fields
    }

    private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func bytes(of fields: [Field]) -> [UInt8] {
        var result: [UInt8] = []
        for field in fields {
            switch field {
            case .varint(let key, let value):
                append(key, to: &result)
                append(value, to: &result)
            case .fixed(let key, let content):
                append(key, to: &result)
                result += content
            case .bytes(let key, let content):
                append(key, to: &result)
                append(UInt64(content.count), to: &result)
                result += content
            case .message(let key, _, let inner):
                let content = bytes(of: inner)
                append(key, to: &result)
                append(UInt64(content.count), to: &result)
                result += content
            }
        }
        return result
    }
}
