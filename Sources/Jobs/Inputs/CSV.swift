internal import Tensors

/// Comma-separated values by RFC 4180: quotes, quotes in quotes, line breaks in quotes; LF is accepted as well as CRLF.
struct CSV {
    struct Row {
        /// Where it begins, from 1.
        let line: Int
        let fields: [String]
    }

    let path: String
    let header: [String]
    /// As many fields each as the header.
    let rows: [Row]

    /// - Throws: naming the line, for text that is no CSV, for rows of another length than the header's, for columns of
    ///   one name.
    init(path: String) throws(FileError) {
        try self.init(text: TextFile.read(path), path: path)
    }

    init(text: String, path: String) throws(FileError) {
        self.path = path
        var parser = Parser(bytes: Array(text.utf8), path: path)
        var rows = try parser.rows()
        guard !rows.isEmpty else { throw FileError(path: path, offset: 0, reason: "a header line is missing") }
        let header = rows.removeFirst().fields
        for (index, name) in header.enumerated() where header[..<index].contains(name) {
            throw FileError(path: path, offset: 0, reason: "two columns are called '\(name)'")
        }
        if let row = rows.first(where: { $0.fields.count != header.count }) {
            throw FileError(
                path: path, offset: nil,
                reason: "line \(row.line): \(row.fields.count) fields, the header has \(header.count)")
        }
        self.header = header
        self.rows = rows
    }

    /// The place of a column, or an error that lists them.
    func column(_ name: String) throws(FileError) -> Int {
        if let index = header.firstIndex(of: name) { return index }
        throw FileError(
            path: path, offset: nil,
            reason: "line 1: no column '\(name)'\(NearestName.hint(name, among: header)) "
                + "(there are \(header.joined(separator: ", ")))")
    }
}

extension CSV {
    private struct Parser {
        let bytes: [UInt8]
        let path: String
        var position = 0
        var line = 1

        init(bytes: [UInt8], path: String) {
            self.bytes = bytes
            self.path = path
        }

        mutating func rows() throws(FileError) -> [Row] {
            var rows: [Row] = []
            while position < bytes.count {
                let start = line
                let fields = try row()
                // An empty line is no row of one empty field.
                if fields != [""] { rows.append(Row(line: start, fields: fields)) }
            }
            return rows
        }

        private mutating func row() throws(FileError) -> [String] {
            var fields: [String] = []
            while true {
                fields.append(try field())
                guard position < bytes.count else { return fields }
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: ",") { continue }
                if byte == UInt8(ascii: "\r"), position < bytes.count, bytes[position] == UInt8(ascii: "\n") {
                    position += 1
                }
                line += 1
                return fields
            }
        }

        /// Up to a comma, a line break or the end, which are left where they are.
        private mutating func field() throws(FileError) -> String {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                let start = position
                while position < bytes.count, !",\r\n".utf8.contains(bytes[position]) { position += 1 }
                return String(decoding: bytes[start..<position], as: UTF8.self)
            }
            let startLine = line
            var content: [UInt8] = []
            position += 1
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: "\"") {
                    guard position < bytes.count, bytes[position] == byte else {
                        guard position == bytes.count || ",\r\n".utf8.contains(bytes[position]) else {
                            throw FileError(
                                path: path, offset: position, reason: "line \(line): text after a closing quote")
                        }
                        return String(decoding: content, as: UTF8.self)
                    }
                    position += 1
                }
                if byte == UInt8(ascii: "\n") { line += 1 }
                content.append(byte)
            }
            throw FileError(path: path, offset: bytes.count, reason: "line \(startLine): a quote that does not close")
        }
    }
}
