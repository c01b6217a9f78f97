/// The tables of docs/job-specification.md.
enum SpecificationReference {
    /// Markdown: one section for each kind of mapping, in the order in which they are first named.
    static var text: String {
        var sections: [String] = []
        var pending = records(in: JobSpecification.form.outline)
        var seen: Set<String> = []
        while !pending.isEmpty {
            let record = pending.removeFirst()
            guard seen.insert(record.title).inserted else { continue }
            sections.append(section(record))
            pending += record.fields.flatMap { records(in: $0.outline) }
        }
        return sections.joined(separator: "\n\n") + "\n"
    }

    private static func section(_ record: RecordOutline) -> String {
        var lines = ["### \(record.title)", "", record.help]
        for group in record.exactlyOne {
            lines += ["", "Exactly one of \(group.map { "`\($0)`" }.joined(separator: ", ")) is there."]
        }
        lines += ["", "| key | value | default | meaning |", "|---|---|---|---|"]
        for field in record.fields {
            let standard = field.isRequired ? "required" : field.defaultValue.map { "`\($0.text())`" } ?? "-"
            lines.append(
                "| `\(field.key)` | \(value(field.outline)) | \(standard) | \(field.help)\(words(field.outline)) |")
        }
        return lines.joined(separator: "\n")
    }

    private static func value(_ outline: Outline) -> String {
        switch outline {
        case .record(let record):
            "[\(record.title)](#\(record.title.lowercased().split(separator: " ").joined(separator: "-")))"
        case .list(let element, _): "list of: \(value(element))"
        case .map(let element, let keyMeaning): "mapping, \(keyMeaning) to \(value(element))"
        case .either(let outlines): outlines.map(value).joined(separator: ", or ")
        case .choice(let choices): choices.map { "`\($0.name)`" }.joined(separator: ", ")
        default: outline.expectation
        }
    }

    private static func words(_ outline: Outline) -> String {
        switch outline {
        case .choice(let choices): choices.map { "<br>`\($0.name)`: \($0.help)" }.joined()
        case .either(let outlines): outlines.map(words).joined()
        case .list(let element, _): words(element)
        default: ""
        }
    }

    private static func records(in outline: Outline) -> [RecordOutline] {
        switch outline {
        case .record(let record): [record]
        case .list(let element, _), .map(let element, _): records(in: element)
        case .either(let outlines): outlines.flatMap(records)
        default: []
        }
    }
}
