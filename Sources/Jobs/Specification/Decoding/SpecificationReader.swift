/// The state of a decoding: where we are, and what was wrong so far.
struct SpecificationReader {
    /// Relative paths count from here; empty for the working directory.
    let folder: String
    private(set) var issues: [SpecificationIssue] = []
    private var keys: [String] = []

    init(folder: String) { self.folder = folder }

    /// The dotted form of where we are.
    var key: String { keys.joined(separator: ".") }

    mutating func report(_ message: String, at place: SpecificationPlace) {
        issues.append(SpecificationIssue(place: place, key: key, message: message))
    }

    mutating func expected(_ outline: Outline, found node: SpecificationNode) {
        var hint = ""
        if case .choice(let choices) = outline, case .scalar(.text(let text)) = node.content {
            hint = NearestName.hint(text, among: choices.map(\.name))
        }
        if case .text = outline, case .scalar(let scalar) = node.content, scalar != .null, scalar != .text("") {
            hint = "; put it in quotes"
        }
        report("expected \(outline.expectation), found \(node.found)\(hint)", at: node.place)
    }

    /// Decodes the value of a key.
    mutating func descend<Result>(
        into key: String, _ body: (inout SpecificationReader) -> Result
    ) -> Result {
        keys.append(key.contains(".") ? "\"\(key)\"" : key)
        defer { keys.removeLast() }
        return body(&self)
    }

    /// Decodes without keeping what was wrong; nil where something was.
    func attempt<Value>(_ body: (inout SpecificationReader) -> Value?) -> Value? {
        var trial = self
        let value = body(&trial)
        return trial.issues.count == issues.count ? value : nil
    }

    /// A path as written, from the folder of the specification; `/absolute` stays what it is.
    func resolve(_ path: String) -> String {
        path.hasPrefix("/") || folder.isEmpty ? path : folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
    }
}
