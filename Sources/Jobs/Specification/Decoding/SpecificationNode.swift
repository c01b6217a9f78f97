/// A piece of a specification as it was written: a value, a list or a mapping, and where it is.
///
/// A type of this project and not Yams' because a node may come from a file or from an override, and because scalars
/// are read by the core schema of YAML 1.2 (`no` and `on` are text, `0777` is a number), not by YAML 1.1.
struct SpecificationNode {
    enum Content {
        case scalar(Scalar)
        case list([SpecificationNode])
        case map([Entry])
    }

    enum Scalar: Equatable {
        case null
        case boolean(Bool)
        case integer(Int)
        case number(Double)
        case text(String)
    }

    struct Entry {
        let key: String
        let keyPlace: SpecificationPlace
        var value: SpecificationNode
    }

    var content: Content
    let place: SpecificationPlace

    /// The value under a key of a mapping; nil where there is none, or where this is no mapping.
    subscript(key: String) -> SpecificationNode? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// What an error says was found here.
    var found: String {
        switch content {
        case .scalar(.null): "nothing"
        case .scalar(.boolean(let value)): "\(value)"
        case .scalar(.integer(let value)): "\(value)"
        case .scalar(.number(let value)): "\(value)"
        case .scalar(.text(let value)): "the text \"\(value.count > 60 ? value.prefix(57) + "..." : value[...])\""
        case .list(let elements): elements.count == 1 ? "a list of 1 element" : "a list of \(elements.count) elements"
        case .map(let entries):
            entries.isEmpty
                ? "an empty mapping"
                : "a mapping with \(entries.prefix(3).map(\.key).joined(separator: ", "))\(entries.count > 3 ? ", ..." : "")"
        }
    }
}

extension SpecificationNode.Scalar {
    /// A plain (unquoted) scalar by the core schema of YAML 1.2, section 10.3.2.
    init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .boolean(true)
        case "false", "False", "FALSE": self = .boolean(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": self = .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": self = .number(-.infinity)
        case ".nan", ".NaN", ".NAN": self = .number(.nan)
        default: self = SpecificationNode.Scalar.numeric(text) ?? .text(text)
        }
    }

    private static func numeric(_ text: String) -> Self? {
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16).map(Self.integer) }
        if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8).map(Self.integer) }
        // Swift's own parser of doubles also takes hexadecimal ones and words.
        guard text.utf8.allSatisfy({ "+-.eE0123456789".utf8.contains($0) }),
            text.utf8.contains(where: { 48...57 ~= $0 })
        else { return nil }
        if let value = Int(text) { return .integer(value) }
        return Double(text).map(Self.number)
    }
}
