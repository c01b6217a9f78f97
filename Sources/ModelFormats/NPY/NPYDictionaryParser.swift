internal import Tensors

/// Reads the one kind of Python dictionary that a .npy header holds:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct NPYDictionaryParser {
    struct Entries {
        var descriptor = ""
        var descriptorOffset = 0
        var isFortranOrder = false
        var shape: [Int] = []
        var shapeOffset = 0
    }

    let bytes: [UInt8]
    /// The next byte to look at; an index into `bytes`, which is the offset in the file too.
    var position: Int
    let path: String

    mutating func parse() throws(FileError) -> Entries {
        var entries = Entries()
        var seen: Set<String> = []
        try expect("{")
        while !(try accept("}")) {
            let keyOffset = position
            let key = try string()
            guard seen.insert(key).inserted else { throw error("the key '\(key)' stands twice", at: keyOffset) }
            try expect(":")
            skipSpace()
            switch key {
            case "descr":
                entries.descriptorOffset = position
                entries.descriptor = try string()
            case "fortran_order": entries.isFortranOrder = try boolean()
            case "shape":
                entries.shapeOffset = position
                entries.shape = try tuple()
            default: throw error("unknown key '\(key)'", at: keyOffset)
            }
            if !(try accept(",")) {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == bytes.count else { throw error("something follows the dictionary", at: position) }
        for key in ["descr", "fortran_order", "shape"] where !seen.contains(key) {
            throw error("the key '\(key)' is missing", at: position)
        }
        return entries
    }

    // MARK: - Values

    private mutating func string() throws(FileError) -> String {
        skipSpace()
        let start = position
        guard position < bytes.count, bytes[position] == 0x27 || bytes[position] == 0x22 else {
            throw error(
                "text in quotes expected (arrays of records and of objects are not read)", at: start)
        }
        let quote = bytes[position]
        guard let end = bytes[(position + 1)...].firstIndex(of: quote) else {
            throw error("a quote that does not close", at: start)
        }
        position = end + 1
        return String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
    }

    private mutating func boolean() throws(FileError) -> Bool {
        for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw error("True or False expected", at: position)
    }

    private mutating func tuple() throws(FileError) -> [Int] {
        var extents: [Int] = []
        try expect("(")
        while !(try accept(")")) {
            extents.append(try integer())
            if !(try accept(",")) {
                try expect(")")
                break
            }
        }
        return extents
    }

    private mutating func integer() throws(FileError) -> Int {
        skipSpace()
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Int(digits) else { throw error("an extent expected, found '\(digits)'", at: start) }
        // Python 2 wrote long integers with an L behind them.
        if position < bytes.count, bytes[position] == UInt8(ascii: "L") { position += 1 }
        return value
    }

    // MARK: - Punctuation

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x09, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) throws(FileError) -> Bool {
        skipSpace()
        guard position < bytes.count else { throw error("the header ends too early", at: position) }
        guard bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FileError) {
        guard try accept(character) else { throw error("'\(character)' expected", at: position) }
    }

    private func error(_ reason: String, at offset: Int) -> FileError {
        FileError(
            path: path, offset: offset, reason: "corrupt .npy header: \(reason); save the array anew with numpy.save")
    }
}
