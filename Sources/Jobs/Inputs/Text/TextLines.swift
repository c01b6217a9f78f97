internal import FoundationEssentials
internal import Tensors

/// The texts of a job: each line of the files is one, or holds one as a member of a JSON object.
enum TextLines {
    /// In bytes, of one file.
    private static let limit = 1 << 31

    /// All texts, in the order of the files and their lines. A line ends with LF or CRLF; an empty one is a text too.
    ///
    /// - Parameter field: the member of each line's JSON object; nil where lines are texts themselves.
    /// - Throws: naming the file and the line, for what is no UTF-8, no JSON, or has no such member.
    static func read(_ paths: [String], field: String?) throws(FileError) -> [String] {
        var texts: [String] = []
        for path in paths {
            let text = try TextFile.read(path, limit: limit)
            var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
            // What comes after the last line break is a line only where it is not empty.
            if lines.last?.isEmpty == true { lines.removeLast() }
            for (number, line) in lines.enumerated() {
                let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
                guard let field else {
                    texts.append(String(decoding: content, as: UTF8.self))
                    continue
                }
                texts.append(try member(field, of: content, path: path, line: number + 1))
            }
            if lines.isEmpty { throw FileError(path: path, offset: 0, reason: "the file has no lines") }
        }
        return texts
    }

    private static func member(
        _ field: String, of line: Substring.UTF8View, path: String, line number: Int
    ) throws(FileError) -> String {
        func error(_ reason: String) -> FileError {
            FileError(path: path, offset: nil, reason: "line \(number): \(reason)")
        }
        let object: Members
        do { object = try JSONDecoder().decode(Members.self, from: Data(line)) } catch {
            throw FileError(path: path, offset: nil, reason: "line \(number): expected a JSON object")
        }
        switch object.texts[field] {
        case .some(.some(let text)): return text
        case .some(.none): throw error("'\(field)' is no text")
        case nil:
            let names = object.texts.keys.sorted()
            throw error(
                "no member '\(field)'\(NearestName.hint(field, among: names)) (there are \(names.joined(separator: ", ")))"
            )
        }
    }

    /// The members of an object; nil for those that are no texts.
    private struct Members: Decodable {
        var texts: [String: String?] = [:]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                texts.updateValue(try? container.decode(String.self, forKey: key), forKey: key.stringValue)
            }
        }
    }
}
