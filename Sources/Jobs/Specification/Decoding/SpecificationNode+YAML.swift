internal import Yams

extension SpecificationNode {
    /// A specification is written by hand: what is past these limits is an accident or an attack.
    enum Limit {
        static let nodes = 20_000
        static let depth = 32
        /// 3^(32/3) is what the worst chain of 32 aliases expands to, still soon walked.
        static let aliases = 32
    }

    /// Reads one YAML document.
    ///
    /// - Parameter place: the place of a line and column of `text`.
    /// - Throws: one issue for text that is no YAML. Issues that leave a readable rest go to `issues`.
    static func parse(
        _ text: String, issues: inout [SpecificationIssue], place: @escaping (Mark?) -> SpecificationPlace
    ) throws(SpecificationError) -> SpecificationNode {
        // Yams compares the keys of a mapping, and so walks through all that an alias used as a key expands to; this has
        // to be bounded before Yams sees the text.
        guard aliasCount(in: text) <= Limit.aliases else {
            throw SpecificationError([
                SpecificationIssue(place: place(nil), key: "", message: "more than \(Limit.aliases) aliases (*name)")
            ])
        }
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw SpecificationError([issue(for: error, place: place)])
        }
        guard let root else {
            throw SpecificationError([
                SpecificationIssue(
                    place: place(nil), key: "",
                    message: "the specification is empty; it begins with version: 1")
            ])
        }
        var reader = YAMLConversion(place: place)
        let node = reader.convert(root, depth: 0)
        issues += reader.issues
        return node
    }

    /// Counts what may be an alias: a star at the beginning of a word. Text in quotes and comments counts as well.
    private static func aliasCount(in text: String) -> Int {
        var count = 0
        var previous = UInt8(ascii: " ")
        for byte in text.utf8 {
            if byte == UInt8(ascii: "*"), " \t\r\n[{,:?-".utf8.contains(previous) { count += 1 }
            previous = byte
        }
        return count
    }

    private static func issue(for error: any Error, place: (Mark?) -> SpecificationPlace) -> SpecificationIssue {
        func issue(_ mark: Mark?, _ message: String) -> SpecificationIssue {
            SpecificationIssue(place: place(mark), key: "", message: message)
        }
        guard let error = error as? YamlError else { return issue(nil, "not YAML: \(error)") }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return issue(mark, "not YAML: \(context.map { $0.text + ", " } ?? "")\(problem)")
        case .reader(let problem, _, _, _): return issue(nil, "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            return issue(context.mark, "the key \(keys.map { "'\($0)'" }.joined(separator: ", ")) stands here twice")
        default: return issue(nil, "not YAML: \(error)")
        }
    }
}

/// Turns Yams' nodes into `SpecificationNode`s, with aliases expanded and `<<` merged.
private struct YAMLConversion {
    let place: (Mark?) -> SpecificationPlace
    var issues: [SpecificationIssue] = []
    private var nodeCount = 0

    init(place: @escaping (Mark?) -> SpecificationPlace) { self.place = place }

    mutating func convert(_ node: Node, depth: Int) -> SpecificationNode {
        let here = place(node.mark)
        nodeCount += 1
        guard nodeCount <= SpecificationNode.Limit.nodes, depth <= SpecificationNode.Limit.depth else {
            // Said once; the rest is then passed over quickly.
            if nodeCount <= SpecificationNode.Limit.nodes || !issues.contains(where: { $0.message.contains("aliases") })
            {
                let what =
                    depth > SpecificationNode.Limit.depth
                    ? "nested more than \(SpecificationNode.Limit.depth) deep"
                    : "more than \(SpecificationNode.Limit.nodes) values once aliases are expanded"
                issues.append(SpecificationIssue(place: here, key: "", message: what))
            }
            return SpecificationNode(content: .scalar(.null), place: here)
        }
        return SpecificationNode(content: content(of: node, depth: depth, place: here), place: here)
    }

    private mutating func content(
        of node: Node, depth: Int, place here: SpecificationPlace
    ) -> SpecificationNode.Content {
        switch node {
        case .scalar(let scalar): return .scalar(value(of: scalar, place: here))
        case .sequence(let sequence):
            checkTag(sequence.tag, place: here)
            return .list(sequence.map { convert($0, depth: depth + 1) })
        case .mapping(let mapping):
            checkTag(mapping.tag, place: here)
            return .map(entries(of: mapping, depth: depth))
        case .alias: return .scalar(.null)  // composing has replaced them all
        }
    }

    private mutating func entries(of mapping: Node.Mapping, depth: Int) -> [SpecificationNode.Entry] {
        var entries: [SpecificationNode.Entry] = []
        var merged: [SpecificationNode.Entry] = []
        for (key, node) in mapping {
            guard nodeCount <= SpecificationNode.Limit.nodes else { break }
            let keyPlace = place(key.mark)
            guard case .scalar(let scalar) = key else {
                issues.append(SpecificationIssue(place: keyPlace, key: "", message: "a key is text, not a collection"))
                continue
            }
            let name = scalar.string
            let value = convert(node, depth: depth + 1)
            if name == "<<", scalar.style == .plain {
                merged += merge(value)
            } else if entries.contains(where: { $0.key == name }) {
                issues.append(
                    SpecificationIssue(place: keyPlace, key: "", message: "the key '\(name)' stands here twice"))
            } else {
                entries.append(SpecificationNode.Entry(key: name, keyPlace: keyPlace, value: value))
            }
        }
        // What is written here overrides what is merged, and of several merged the first.
        for entry in merged where !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
        return entries
    }

    private mutating func merge(_ value: SpecificationNode) -> [SpecificationNode.Entry] {
        switch value.content {
        case .map(let entries): return entries
        case .list(let elements): return elements.flatMap { merge($0) }
        case .scalar:
            issues.append(
                SpecificationIssue(
                    place: value.place, key: "<<", message: "expected a mapping to merge, found \(value.found)"))
            return []
        }
    }

    private mutating func value(
        of scalar: Node.Scalar, place here: SpecificationPlace
    ) -> SpecificationNode.Scalar {
        let tag = scalar.tag.rawValue
        switch tag {
        case "tag:yaml.org,2002:str", "!": return .text(scalar.string)
        // Yams itself puts these on keys when it compares them. What they would say, the form of a key says better.
        case "", "?", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool",
            "tag:yaml.org,2002:null", "tag:yaml.org,2002:timestamp":
            break
        default: checkTag(scalar.tag, place: here)
        }
        return scalar.style == .plain ? SpecificationNode.Scalar(plain: scalar.string) : .text(scalar.string)
    }

    private mutating func checkTag(_ tag: Tag, place here: SpecificationPlace) {
        let known = ["", "?", "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"]
        if !known.contains(tag.rawValue) {
            issues.append(
                SpecificationIssue(
                    place: here, key: "", message: "the tag \(tag.rawValue) is not used in job specifications"))
        }
    }
}
