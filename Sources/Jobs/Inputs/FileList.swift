internal import FoundationEssentials
internal import Planning
internal import Tensors

/// A file that names files: a text file with a path on each line, or CSV or JSON lines that also say how urgent each
/// is.
enum FileList {
    /// A file, and how urgent its item is; nil where the list does not say so.
    struct Entry: Hashable {
        let path: String
        var urgency: Urgency?
    }

    private static let columns = ["path", "priority", "deadline"]

    /// The files, in the order of the lines; relative paths count from the list's own folder. A line ends with LF or
    /// CRLF, and one with only blanks is left out. The end of the name says which kind of list it is: `.csv`, `.jsonl`,
    /// or anything else for a path on each line.
    ///
    /// - Throws: naming the list and the line, for a file that does not exist, for an invalid priority or deadline, and
    ///   for an empty list.
    static func read(_ list: String) throws(FileError) -> [Entry] {
        let entries =
            switch list.lowercased() {
            case let name where name.hasSuffix(".csv"): try readTable(list)
            case let name where name.hasSuffix(".jsonl"): try readObjects(list)
            default: try readPaths(list)
            }
        guard !entries.isEmpty else { throw FileError(path: list, offset: nil, reason: "the list names no file") }
        return entries
    }

    private static func readPaths(_ list: String) throws(FileError) -> [Entry] {
        var entries: [Entry] = []
        for (line, content) in try lines(of: list) {
            entries.append(Entry(path: try file(content, list, line: line), urgency: nil))
        }
        return entries
    }

    private static func readTable(_ list: String) throws(FileError) -> [Entry] {
        let table = try CSV(path: list)
        let path = try table.column("path")
        for name in table.header where !columns.contains(name) { throw unknown(name, list, line: 1) }
        let priority = table.header.firstIndex(of: "priority")
        let deadline = table.header.firstIndex(of: "deadline")
        var entries: [Entry] = []
        for row in table.rows {
            var urgency = Urgency()
            if let text = priority.map({ row.fields[$0] }), !text.isEmpty {
                urgency.priority = try self.priority(Int(text), text, list, line: row.line)
            }
            if let text = deadline.map({ row.fields[$0] }), !text.isEmpty {
                urgency.deadline = try self.deadline(Double(text), text, list, line: row.line)
            }
            entries.append(
                Entry(
                    path: try file(row.fields[path], list, line: row.line),
                    urgency: priority ?? deadline == nil ? nil : urgency))
        }
        return entries
    }

    /// The JSON object on a line, as written.
    private struct Line: Decodable {
        struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        var path: String?
        var priority: Double?
        var deadline: Double?
        /// An unknown key, or one whose value is of the wrong kind.
        var unknown: String?
        var misfit: (key: String, wanted: String)?

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            for key in values.allKeys {
                do {
                    switch key.stringValue {
                    case "path": path = try values.decode(String.self, forKey: key)
                    case "priority": priority = try values.decodeIfPresent(Double.self, forKey: key)
                    case "deadline": deadline = try values.decodeIfPresent(Double.self, forKey: key)
                    default: unknown = key.stringValue
                    }
                } catch is DecodingError {
                    misfit = (key.stringValue, key.stringValue == "path" ? "a text" : "a number")
                }
            }
        }
    }

    private static func readObjects(_ list: String) throws(FileError) -> [Entry] {
        var entries: [Entry] = []
        for (line, content) in try lines(of: list) {
            let object: Line
            do { object = try JSONDecoder().decode(Line.self, from: Data(content.utf8)) } catch {
                throw complaint(
                    list, line, "no JSON object; write lines such as {\"path\": \"a.png\", \"deadline\": 1.5}")
            }
            if let key = object.unknown { throw unknown(key, list, line: line) }
            if let (key, wanted) = object.misfit { throw complaint(list, line, "'\(key)' must be \(wanted)") }
            guard let path = object.path else { throw complaint(list, line, "'path' is missing") }
            var urgency = Urgency()
            if let number = object.priority {
                urgency.priority = try priority(Int(exactly: number), "\(number)", list, line: line)
            }
            if let number = object.deadline {
                urgency.deadline = try deadline(number, "\(number)", list, line: line)
            }
            let says = object.priority != nil || object.deadline != nil
            entries.append(Entry(path: try file(path, list, line: line), urgency: says ? urgency : nil))
        }
        return entries
    }

    // MARK: Parts of a line

    private static func lines(of list: String) throws(FileError) -> [(line: Int, content: String)] {
        let text = try TextFile.read(list)
        return text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap
        {
            let content = String(decoding: $1.last == UInt8(ascii: "\r") ? $1.dropLast() : $1, as: UTF8.self)
            return content.contains { $0 != " " && $0 != "\t" } ? ($0 + 1, content) : nil
        }
    }

    private static func file(_ name: String, _ list: String, line: Int) throws(FileError) -> String {
        let folder = list.lastIndex(of: "/").map { String(list[...$0]) } ?? ""
        let path = name.hasPrefix("/") ? name : folder + name
        switch InputFiles.isFolder(path) {
        case false?: return path
        case true?: throw complaint(list, line, "\(path) is a folder; a list names files, one on each line")
        case nil:
            throw complaint(list, line, "there is no file \(path); paths in a list count from the list's folder")
        }
    }

    private static func priority(_ number: Int?, _ text: String, _ list: String, line: Int) throws(FileError) -> Int {
        guard let number, abs(number) <= 1_000_000 else {
            throw complaint(
                list, line,
                "priority '\(text)': it must be a whole number from -1000000 to 1000000; higher ones come first")
        }
        return number
    }

    private static func deadline(
        _ number: Double?, _ text: String, _ list: String, line: Int
    ) throws(FileError) -> Double {
        guard let number, number > 0, number < .infinity else {
            throw complaint(
                list, line,
                "deadline '\(text)': it must be a number of seconds above 0, counted from the start of the run")
        }
        return number
    }

    private static func unknown(_ name: String, _ list: String, line: Int) -> FileError {
        complaint(
            list, line,
            "'\(name)' is not known here\(NearestName.hint(name, among: columns)); a list has \(columns.joined(separator: ", "))"
        )
    }

    private static func complaint(_ list: String, _ line: Int, _ reason: String) -> FileError {
        FileError(path: list, offset: nil, reason: "line \(line): \(reason)")
    }
}
