internal import Yams

/// Reads YAML that follows a form: the same strictness and the same errors for every kind of file.
enum SpecificationText {
    static func read(_ path: String) throws(SpecificationError) -> String {
        do { return try TextFile.read(path, limit: 1 << 20) } catch {
            throw SpecificationError([
                SpecificationIssue(place: .file(path: path), key: "", message: error.placeAndReason)
            ])
        }
    }

    /// Where relative paths in a file count from; empty for the working directory.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ""
    }

    /// - Parameter version: of the format; files of another version have other keys.
    static func decode<Value>(
        _ text: String, as form: Form<Value>, version: Int, path: String, folder: String, overrides: [String] = []
    ) throws(SpecificationError) -> Value {
        var issues: [SpecificationIssue] = []
        var root = try SpecificationNode.parse(text, issues: &issues) { mark in
            mark.map { .position(path: path, line: $0.line, column: $0.column) } ?? .file(path: path)
        }
        for override in overrides { root.apply(override, issues: &issues) }
        // Another version has other keys: comparing them with those of this version would not help.
        if case .scalar(.integer(let found))? = root["version"]?.content, found != version {
            let message = "this is version \(found) of the format, and this program reads version \(version)"
            throw SpecificationError(
                issues + [SpecificationIssue(place: root["version"]!.place, key: "version", message: message)])
        }
        var reader = SpecificationReader(folder: folder)
        let value = form.decode(root, &reader)
        issues += reader.issues
        guard let value, issues.isEmpty else { throw SpecificationError(sorted(issues)) }
        return value
    }

    /// In the order of the file, those of the command line last.
    private static func sorted(_ issues: [SpecificationIssue]) -> [SpecificationIssue] {
        issues.enumerated().sorted { first, second in
            let left = first.element.place.order
            let right = second.element.place.order
            return left == right ? first.offset < second.offset : left < right
        }.map(\.element)
    }
}

extension SpecificationPlace {
    fileprivate var order: (Int, Int) {
        switch self {
        case .file: (0, 0)
        case .position(_, let line, let column): (line, column)
        case .override: (.max, 0)
        }
    }
}
