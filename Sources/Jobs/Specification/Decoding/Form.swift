/// How a value is written in a specification: what is allowed there, how it is read, and how it would be printed.
struct Form<Value: Sendable>: Sendable {
    let outline: Outline
    /// The value, or nil after reporting why not.
    let decode: @Sendable (SpecificationNode, inout SpecificationReader) -> Value?
    /// For defaults in the schema and the reference.
    let encode: @Sendable (Value) -> JSONValue
}

// MARK: - Scalars

extension Form where Value == String {
    static func text(_ meaning: String) -> Form {
        let outline = Outline.text(meaning: meaning)
        return Form(outline: outline) { node, reader in
            guard case .scalar(.text(let text)) = node.content, !text.isEmpty, !text.contains("\0") else {
                reader.expected(outline, found: node)
                return nil
            }
            return text
        } encode: {
            .string($0)
        }
    }

    /// The path of a file or folder, relative to the specification's own folder.
    static func path(_ meaning: String) -> Form {
        let text = Form.text(meaning)
        return Form(outline: text.outline) { node, reader in
            text.decode(node, &reader).map(reader.resolve)
        } encode: {
            .string($0)
        }
    }
}

extension Form where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Form {
        let outline = Outline.integer(range)
        return Form(outline: outline) { node, reader in
            guard case .scalar(.integer(let value)) = node.content, range.contains(value) else {
                reader.expected(outline, found: node)
                return nil
            }
            return value
        } encode: {
            .integer($0)
        }
    }
}

extension Form where Value == Double {
    static func number(isPositive: Bool = false) -> Form { number(isPositive ? .positive : .none) }

    static func number(_ bound: Outline.NumberBound) -> Form {
        let outline = Outline.number(bound)
        return Form(outline: outline) { node, reader in
            let value: Double? =
                switch node.content {
                case .scalar(.integer(let value)): Double(value)
                case .scalar(.number(let value)): value
                default: nil
                }
            guard let value, value.isFinite, bound.holds(value) else {
                reader.expected(outline, found: node)
                return nil
            }
            return value
        } encode: {
            .number($0)
        }
    }
}

/// An enumeration whose cases are words of a specification.
protocol SpecificationChoice: RawRepresentable<String>, CaseIterable, Sendable {
    /// What the word means, in half a sentence.
    var help: String { get }
}

extension Form where Value: SpecificationChoice {
    static func choice() -> Form {
        let outline = Outline.choice(Value.allCases.map { Outline.Choice(name: $0.rawValue, help: $0.help) })
        return Form(outline: outline) { node, reader in
            guard case .scalar(.text(let text)) = node.content, let value = Value(rawValue: text) else {
                reader.expected(outline, found: node)
                return nil
            }
            return value
        } encode: {
            .string($0.rawValue)
        }
    }
}

extension Form where Value == JobSpecification.Count {
    /// `auto` or a whole number.
    static func automatic(or range: ClosedRange<Int>, help: String) -> Form {
        let outline = Outline.either([.choice([Outline.Choice(name: "auto", help: help)]), .integer(range)])
        return Form(outline: outline) { node, reader in
            switch node.content {
            case .scalar(.text("auto")): return .automatic
            case .scalar(.integer(let value)) where range.contains(value): return .exactly(value)
            default:
                reader.expected(outline, found: node)
                return nil
            }
        } encode: {
            switch $0 {
            case .automatic: .string("auto")
            case .exactly(let value): .integer(value)
            }
        }
    }
}

extension Form where Value == Bool {
    static func flag() -> Form {
        Form(outline: .boolean) { node, reader in
            guard case .scalar(.boolean(let value)) = node.content else {
                reader.expected(.boolean, found: node)
                return nil
            }
            return value
        } encode: {
            .boolean($0)
        }
    }
}

// MARK: - Collections

extension Form {
    static func list<Element: Sendable>(
        of element: Form<Element>, count: ClosedRange<Int> = 0...10_000
    ) -> Form<[Element]> where Value == [Element] {
        let outline = Outline.list(element.outline, count: count)
        return Form<[Element]>(outline: outline) { node, reader in
            guard case .list(let nodes) = node.content else {
                reader.expected(outline, found: node)
                return nil
            }
            guard count.contains(nodes.count) else {
                let range =
                    count.lowerBound == count.upperBound
                    ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
                reader.report("expected \(range) elements, found \(nodes.count)", at: node.place)
                return nil
            }
            var elements: [Element] = []
            for (index, node) in nodes.enumerated() {
                let value = reader.descend(into: "\(index)") { element.decode(node, &$0) }
                if let value { elements.append(value) }
            }
            return elements.count == nodes.count ? elements : nil
        } encode: {
            .array($0.map(element.encode))
        }
    }

    /// One element, or a list of them.
    static func oneOrMore<Element: Sendable>(
        of element: Form<Element>, count: ClosedRange<Int> = 1...10_000
    ) -> Form<[Element]> where Value == [Element] {
        let list = Form<[Element]>.list(of: element, count: count)
        let outline = Outline.either([element.outline, list.outline])
        return Form<[Element]>(outline: outline) { node, reader in
            switch node.content {
            case .list: return list.decode(node, &reader)
            case .scalar: return element.decode(node, &reader).map { [$0] }
            case .map where element.outline.takesMapping: return element.decode(node, &reader).map { [$0] }
            case .map:
                reader.expected(outline, found: node)
                return nil
            }
        } encode: {
            $0.count == 1 ? element.encode($0[0]) : list.encode($0)
        }
    }

    static func map<Element: Sendable>(
        of element: Form<Element>, keyMeaning: String
    ) -> Form<[String: Element]> where Value == [String: Element] {
        let outline = Outline.map(element.outline, keyMeaning: keyMeaning)
        return Form<[String: Element]>(outline: outline) { node, reader in
            guard case .map(let entries) = node.content else {
                reader.expected(outline, found: node)
                return nil
            }
            var result: [String: Element] = [:]
            for entry in entries {
                result[entry.key] = reader.descend(into: entry.key) { element.decode(entry.value, &$0) }
            }
            return result.count == entries.count ? result : nil
        } encode: { value in
            .object(
                value.sorted { $0.key < $1.key }.map { JSONValue.Member(key: $0.key, value: element.encode($0.value)) })
        }
    }
}
