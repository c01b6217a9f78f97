/// Finds where text stops being JSON (RFC 8259), which Foundation's decoder tells only to programmers.
struct JSONSyntax {
    struct Fault {
        /// From 1, in bytes.
        let line: Int
        let column: Int
        let reason: String
    }

    private let bytes: [UInt8]
    private var position = 0

    /// Nil where the text is JSON, nested however deeply.
    static func firstFault(in bytes: [UInt8]) -> Fault? {
        var syntax = JSONSyntax(bytes: bytes)
        guard let reason = syntax.check() else { return nil }
        let before = bytes.prefix(syntax.position)
        let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        let column = 1 + before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
        return Fault(line: line, column: column, reason: reason)
    }

    /// Where bytes stop being UTF-8; their number where they are all of it.
    static func firstByteThatIsNoText(in bytes: [UInt8]) -> Int {
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var position = 0
        while true {
            guard case .valid(let scalar) = parser.parseScalar(from: &rest) else { return position }
            position += scalar.count
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// What may come next.
    private enum Expectation { case value, valueOrEnd, key, keyOrEnd, separator }

    /// The reason that the byte at `position` is wrong.
    private mutating func check() -> String? {
        // The opening brackets of what is not closed yet.
        var open: [UInt8] = []
        var next = Expectation.value
        while true {
            skipSpace()
            if next == .separator, open.isEmpty {
                return position == bytes.count ? nil : "text behind the end of the JSON"
            }
            guard position < bytes.count else {
                return bytes.isEmpty ? "the file is empty" : "the file ends here, in the middle of the JSON"
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                let opening = byte == UInt8(ascii: "}") ? UInt8(ascii: "{") : UInt8(ascii: "[")
                guard open.last == opening, next != .value, next != .key else { return unexpected("a value") }
                open.removeLast()
                position += 1
                next = .separator
                continue
            }
            switch next {
            case .separator:
                guard byte == UInt8(ascii: ",") else { return unexpected("a comma or the closing bracket") }
                position += 1
                next = open.last == UInt8(ascii: "{") ? .key : .value
            case .key, .keyOrEnd:
                guard byte == UInt8(ascii: "\"") else { return unexpected("a key in quotes") }
                if let reason = skipString() { return reason }
                skipSpace()
                guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return unexpected("a colon") }
                position += 1
                next = .value
            case .value, .valueOrEnd:
                if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                    open.append(byte)
                    position += 1
                    next = byte == UInt8(ascii: "{") ? .keyOrEnd : .valueOrEnd
                    continue
                }
                if let reason = byte == UInt8(ascii: "\"") ? skipString() : skipWord() { return reason }
                next = .separator
            }
        }
    }

    private func unexpected(_ wanted: String) -> String {
        guard position < bytes.count else { return "the file ends here, in the middle of the JSON" }
        let byte = bytes[position]
        let found = (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return "found \(found), expected \(wanted)"
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func skipString() -> String? {
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            guard bytes[position] >= 0x20 else { return "a line break or control character inside quotes" }
            if bytes[position] == UInt8(ascii: "\\") {
                guard position + 1 < bytes.count, "\"\\/bfnrtu".utf8.contains(bytes[position + 1]) else {
                    return unexpected("an escape such as \\n behind the backslash")
                }
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { return "the file ends here, inside quotes" }
        position += 1
        return nil
    }

    /// A number, true, false or null.
    private mutating func skipWord() -> String? {
        let start = position
        while position < bytes.count, !" \t\r\n,]}:\"[{".utf8.contains(bytes[position]) { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        if ["true", "false", "null"].contains(word) { return nil }
        if word.utf8.allSatisfy({ "+-.eE0123456789".utf8.contains($0) }), Double(word) != nil, !word.hasPrefix("+") {
            return nil
        }
        position = start
        return unexpected("a value")
    }
}
