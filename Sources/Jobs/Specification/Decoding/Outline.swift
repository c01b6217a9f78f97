/// What is allowed at a place of a specification, as data: the checks' messages, the JSON Schema and the reference
/// pages are all made from it.
indirect enum Outline: Sendable {
    /// Any text that is not empty; `meaning` says what for: "a path".
    case text(meaning: String)
    case boolean
    case integer(ClosedRange<Int>)
    case number(NumberBound)
    /// A word out of a list.
    case choice([Choice])
    /// Between `count` elements of one kind.
    case list(Outline, count: ClosedRange<Int>)
    /// Any keys, values of one kind; `keyMeaning` says what a key is: "name of an input".
    case map(Outline, keyMeaning: String)
    case record(RecordOutline)
    /// One of several.
    case either([Outline])

    /// The limits of a number.
    enum NumberBound: Sendable {
        case none, positive, notNegative

        func holds(_ value: Double) -> Bool {
            switch self {
            case .none: true
            case .positive: value > 0
            case .notNegative: value >= 0
            }
        }
    }

    struct Choice: Sendable {
        let name: String
        let help: String
    }

    /// What an error says was expected.
    var expectation: String {
        switch self {
        case .text(let meaning): meaning
        case .boolean: "true or false"
        case .integer(let range):
            range.lowerBound == range.upperBound
                ? "\(range.lowerBound)" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(.none): "a number"
        case .number(.positive): "a number greater than 0"
        case .number(.notNegative): "a number from 0"
        case .choice(let choices):
            choices.count == 1
                ? choices[0].name : "one of " + choices.map(\.name).joined(separator: ", ")
        case .list(let element, _): "a list, each element \(element.expectation)"
        case .map(_, let keyMeaning): "a mapping, each key the \(keyMeaning)"
        case .record(let record): "a mapping (\(record.fields.map(\.key).joined(separator: ", ")))"
        case .either(let outlines): outlines.map(\.expectation).joined(separator: ", or ")
        }
    }

    /// Whether a value of this kind is written in the same way as `node`: as a scalar, a list or a mapping.
    func isWritten(like node: SpecificationNode) -> Bool {
        switch (self, node.content) {
        case (.list, .list), (.map, .map), (.record, .map): true
        case (.list, _), (.map, _), (.record, _), (_, .list), (_, .map): false
        case (.either(let outlines), _): outlines.contains { $0.isWritten(like: node) }
        default: true
        }
    }
}

/// A mapping with known keys.
struct RecordOutline: Sendable {
    /// "Image input": the heading in the reference.
    let title: String
    let help: String
    let fields: [FieldOutline]
    /// Groups of keys of which exactly one must be there.
    let exactlyOne: [[String]]
}

/// One key of a record.
struct FieldOutline: Sendable {
    let key: String
    let help: String
    let outline: Outline
    let isRequired: Bool
    /// What holds where the key is left out; nil where there is nothing to say.
    let defaultValue: JSONValue?
}
