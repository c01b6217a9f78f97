/// One key of a mapping, and the property that its value goes to.
struct Field<Root: Sendable>: Sendable {
    let key: String
    let isRequired: Bool
    let outline: @Sendable (_ initial: Root) -> FieldOutline
    /// False after reporting why the value cannot be used.
    let apply: @Sendable (SpecificationNode, inout Root, inout SpecificationReader) -> Bool

    /// A key that must be there.
    static func required<Value>(
        _ key: String, _ property: any WritableKeyPath<Root, Value> & Sendable, _ form: Form<Value>, _ help: String
    ) -> Field {
        Field(key: key, isRequired: true) { _ in
            FieldOutline(key: key, help: help, outline: form.outline, isRequired: true, defaultValue: nil)
        } apply: {
            assign($0, to: property, form, &$1, &$2)
        }
    }

    /// A key that may be left out: the property keeps what it has.
    static func optional<Value>(
        _ key: String, _ property: any WritableKeyPath<Root, Value> & Sendable, _ form: Form<Value>, _ help: String
    ) -> Field {
        Field(key: key, isRequired: false) { initial in
            FieldOutline(
                key: key, help: help, outline: form.outline, isRequired: false,
                defaultValue: form.outline.isRecord ? nil : form.encode(initial[keyPath: property]))
        } apply: {
            assign($0, to: property, form, &$1, &$2)
        }
    }

    /// A key that may be left out: the property is then nil.
    static func optional<Value>(
        _ key: String, _ property: any WritableKeyPath<Root, Value?> & Sendable, _ form: Form<Value>, _ help: String
    ) -> Field {
        Field(key: key, isRequired: false) { _ in
            FieldOutline(key: key, help: help, outline: form.outline, isRequired: false, defaultValue: nil)
        } apply: { node, root, reader in
            guard let value = form.decode(node, &reader) else { return false }
            root[keyPath: property] = value
            return true
        }
    }

    private static func assign<Value>(
        _ node: SpecificationNode, to property: any WritableKeyPath<Root, Value> & Sendable, _ form: Form<Value>,
        _ root: inout Root, _ reader: inout SpecificationReader
    ) -> Bool {
        guard let value = form.decode(node, &reader) else { return false }
        root[keyPath: property] = value
        return true
    }
}

extension Outline {
    var isRecord: Bool { if case .record = self { true } else { false } }

    /// Whether a mapping with known keys is allowed here.
    var takesMapping: Bool {
        switch self {
        case .record: true
        case .either(let outlines): outlines.contains(where: \.takesMapping)
        default: false
        }
    }
}

extension Form {
    /// A mapping with known keys.
    ///
    /// - Parameters:
    ///   - initial: what holds for keys that are left out.
    ///   - exactlyOne: groups of keys of which exactly one must be there.
    ///   - check: called where every key is valid; reports what is wrong between keys.
    static func record(
        _ title: String, _ initial: Value, _ help: String, exactlyOne: [[String]] = [], fields: [Field<Value>],
        check: @escaping @Sendable (Value, SpecificationNode, inout SpecificationReader) -> Void = { _, _, _ in }
    ) -> Form {
        let record = RecordOutline(
            title: title, help: help, fields: fields.map { $0.outline(initial) }, exactlyOne: exactlyOne)
        let keys = fields.map(\.key)
        return Form(outline: .record(record)) { node, reader in
            guard case .map(let entries) = node.content else {
                reader.expected(.record(record), found: node)
                return nil
            }
            var value = initial
            var isGood = true
            for entry in entries {
                guard let field = fields.first(where: { $0.key == entry.key }) else {
                    let hint = NearestName.hint(entry.key, among: keys)
                    reader.report(
                        "unknown key '\(entry.key)'\(hint) (known here: \(keys.joined(separator: ", ")))",
                        at: entry.keyPlace)
                    isGood = false
                    continue
                }
                let isFieldGood = reader.descend(into: entry.key) { field.apply(entry.value, &value, &$0) }
                isGood = isGood && isFieldGood
            }
            for field in fields where field.isRequired && !entries.contains(where: { $0.key == field.key }) {
                let expectation = field.outline(initial).outline.expectation
                reader.report("the key '\(field.key)' is missing (\(expectation))", at: node.place)
                isGood = false
            }
            for group in exactlyOne {
                let present = group.filter { key in entries.contains { $0.key == key } }
                if present.count != 1 {
                    let found = present.isEmpty ? "none" : present.joined(separator: " and ")
                    reader.report(
                        "exactly one of the keys \(group.joined(separator: ", ")) is expected, found \(found)",
                        at: node.place)
                    isGood = false
                }
            }
            guard isGood else { return nil }
            let issueCount = reader.issues.count
            check(value, node, &reader)
            return reader.issues.count == issueCount ? value : nil
        } encode: { _ in
            .null  // records have no default of their own, their keys have
        }
    }

    /// One of several mappings, told apart by a key that only it has.
    static func variants(_ variants: [(key: String, form: Form)]) -> Form {
        let keys = variants.map(\.key)
        let outline = Outline.either(variants.map(\.form.outline))
        return Form(outline: outline) { node, reader in
            guard case .map = node.content else {
                reader.report(
                    "expected a mapping with one of the keys \(keys.joined(separator: ", ")), found \(node.found)",
                    at: node.place)
                return nil
            }
            let present = variants.filter { node[$0.key] != nil }
            guard present.count == 1 else {
                let found = present.isEmpty ? node.found : present.map(\.key).joined(separator: " and ")
                reader.report(
                    "exactly one of the keys \(keys.joined(separator: ", ")) is expected, found \(found)",
                    at: node.place)
                return nil
            }
            return present[0].form.decode(node, &reader)
        } encode: { _ in
            .null
        }
    }

    /// A mapping that may also be written as a scalar, where only one of its keys is needed.
    func abbreviated<Short: Sendable>(
        by short: Form<Short>, _ expand: @escaping @Sendable (Short) -> Value
    ) -> Form {
        Form(outline: .either([short.outline, outline])) { node, reader in
            if case .scalar = node.content { return short.decode(node, &reader).map(expand) }
            return decode(node, &reader)
        } encode: {
            encode($0)
        }
    }

    /// The same form for a value that is wrapped into another.
    func wrapped<Other: Sendable>(_ wrap: @escaping @Sendable (Value) -> Other) -> Form<Other> {
        Form<Other>(outline: outline) { node, reader in
            decode(node, &reader).map(wrap)
        } encode: { _ in
            .null
        }
    }
}
