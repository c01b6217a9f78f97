extension SpecificationNode {
    /// Sets one value as `--set` says it: `parallelism.pipeline=4`, `outputs.formats=[npy, csv]`, `labels=null`.
    ///
    /// The path is keys with dots between; a key that holds a dot is written in double quotes; a number is an index of
    /// a list. The value is YAML, and null takes the key away. Missing mappings in the path are made.
    mutating func apply(_ override: String, issues: inout [SpecificationIssue]) {
        let place = SpecificationPlace.override(override)
        func issue(_ message: String) -> SpecificationIssue {
            SpecificationIssue(place: place, key: "", message: message)
        }
        guard let keys = SpecificationNode.keys(of: override) else {
            issues.append(issue("expected path=value, such as parallelism.pipeline=4"))
            return
        }
        let text = String(override.utf8.dropFirst(keys.byteCount + 1)) ?? ""
        let value: SpecificationNode
        if text.allSatisfy(\.isWhitespace) {
            issues.append(issue("no value; write null to take a key away"))
            return
        }
        do {
            value = try SpecificationNode.parse(text, issues: &issues) { _ in place }
        } catch {
            issues += error.issues
            return
        }
        if let problem = set(keys.path[...], to: value, place: place) { issues.append(issue(problem)) }
    }

    /// Why it cannot be done; nil where it is done.
    private mutating func set(
        _ path: ArraySlice<String>, to value: SpecificationNode, place: SpecificationPlace
    ) -> String? {
        guard let key = path.first else {
            self = value
            return nil
        }
        let rest = path.dropFirst()
        let isRemoval: Bool
        if case .scalar(.null) = value.content, rest.isEmpty { isRemoval = true } else { isRemoval = false }
        switch content {
        case .map(var entries):
            let index = entries.firstIndex { $0.key == key }
            if isRemoval {
                guard let index else { return "there is no key '\(key)' to take away" }
                entries.remove(at: index)
            } else if let index {
                // A new entry, so that an error about the key itself names the override too.
                var inner = entries[index].value
                if let problem = inner.set(rest, to: value, place: place) { return problem }
                entries[index] = Entry(
                    key: key, keyPlace: rest.isEmpty ? place : entries[index].keyPlace, value: inner)
            } else {
                var inner = SpecificationNode(content: .map([]), place: place)
                if let problem = inner.set(rest, to: value, place: place) { return problem }
                entries.append(Entry(key: key, keyPlace: place, value: inner))
            }
            content = .map(entries)
        case .list(var elements):
            guard let index = Int(key), elements.indices.contains(index) else {
                return "'\(key)' is no index of a list of \(elements.count) (from 0)"
            }
            if isRemoval {
                elements.remove(at: index)
            } else if let problem = elements[index].set(rest, to: value, place: place) {
                return problem
            }
            content = .list(elements)
        case .scalar:
            return "'\(key)' cannot be set in \(found) (\(self.place))"
        }
        return nil
    }

    /// The keys before the `=`, and the bytes they take; nil where the override has no such form.
    private static func keys(of override: String) -> (path: [String], byteCount: Int)? {
        var path: [String] = []
        var key: [UInt8] = []
        var isQuoted = false
        var wasQuoted = false
        for (index, byte) in override.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "\""):
                guard isQuoted || key.isEmpty else { return nil }
                isQuoted.toggle()
                wasQuoted = true
            case UInt8(ascii: ".") where !isQuoted, UInt8(ascii: "=") where !isQuoted:
                guard !key.isEmpty || wasQuoted else { return nil }
                path.append(String(decoding: key, as: UTF8.self))
                if byte == UInt8(ascii: "=") { return (path, index) }
                key = []
                wasQuoted = false
            default: key.append(byte)
            }
        }
        return nil
    }
}
