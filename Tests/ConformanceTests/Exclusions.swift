import FoundationEssentials

/// What excluded.txt says about cases that do not pass.
struct Exclusions {
    enum Kind: String {
        /// Outside of what mpinfer is made for: does not count.
        case aside
        /// Missing: counts against the share of the suite.
        case out
    }

    struct Entry {
        let kind: Kind
        /// An operator of the standard, or the name of a case, which may end in an asterisk for all that begin so.
        let subject: String
        let reason: String
    }

    let entries: [Entry]

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "excluded.txt")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        entries = try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard words.count == 3, let kind = Kind(rawValue: String(words[0])) else {
                throw Failure("excluded.txt: this is no entry: \(line)")
            }
            return Entry(kind: kind, subject: String(words[1]), reason: String(words[2]).drop { $0 == " " }.description)
        }
    }

    /// Why a case need not pass: by its name first, then by one of its operators.
    func entry(for name: String, operators: [String]) -> Entry? {
        entries.first { entry in
            entry.subject == name || entry.subject.hasSuffix("*") && name.hasPrefix(entry.subject.dropLast())
        } ?? entries.first { operators.contains($0.subject) }
    }
}
