/// Everything that is wrong with a job specification, found in one go.
public struct SpecificationError: Error, Sendable, CustomStringConvertible {
    /// In the order of the file; never empty.
    public let issues: [SpecificationIssue]

    init(_ issues: [SpecificationIssue]) { self.issues = issues }

    /// One line per issue.
    public var description: String { issues.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong with a job specification: where, at which key, and what would be right.
public struct SpecificationIssue: Hashable, Sendable, CustomStringConvertible {
    public let place: SpecificationPlace
    /// The key in dotted form, as `--set` takes it; empty where the whole file is meant.
    public let key: String
    public let message: String

    public var description: String { "\(place): \(key.isEmpty ? "" : key + ": ")\(message)" }
}

/// Where a part of a specification was written.
public enum SpecificationPlace: Hashable, Sendable, CustomStringConvertible {
    /// Line and column count from 1, columns in Unicode scalars.
    case position(path: String, line: Int, column: Int)
    case file(path: String)
    /// A `path=value` of the command line.
    case override(String)

    public var description: String {
        switch self {
        case .position(let path, let line, let column): "\(path):\(line):\(column)"
        case .file(let path): path
        case .override(let text): "--set \(text)"
        }
    }
}
