internal import FoundationEssentials
internal import Tensors

/// A JSON file of a model's folder: read whole, decoded by Foundation, with errors that name the file and the place.
struct JSONFile {
    let path: String
    let bytes: [UInt8]
    /// Of `bytes` in the file.
    let offset: Int

    /// The most bytes that are read: vocabularies of a million pieces stay below it.
    static let limit = 1 << 28

    /// For files that nobody writes by hand.
    static let remedy = "Copy the file anew from where the model came from"

    init(path: String) throws(ModelError) {
        let size = try WireReader(path: path).size
        guard size <= JSONFile.limit else {
            throw ModelError(path: path, reason: "\(size) bytes, at most \(JSONFile.limit) are read")
        }
        try self.init(path: path, offset: 0, byteCount: size)
    }

    /// JSON text that is a part of a file.
    init(path: String, offset: Int, byteCount: Int) throws(ModelError) {
        do throws(FileError) {
            bytes = try FileRegion(path: path, offset: offset, byteCount: byteCount).bytes()
        } catch {
            throw ModelError(path: path, offset: error.offset, reason: error.reason)
        }
        self.path = path
        self.offset = offset
        // Foundation would guess UTF-16 and UTF-32, which no such file is in.
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw ModelError(
                path: path, offset: offset + JSONSyntax.firstByteThatIsNoText(in: bytes),
                reason: "this is no UTF-8 text, and so no JSON. \(JSONFile.remedy)")
        }
        guard !bytes.contains(0) else {
            throw ModelError(
                path: path, offset: offset + bytes.firstIndex(of: 0)!,
                reason: "a zero byte, which JSON cannot hold. \(JSONFile.remedy)")
        }
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws(ModelError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as ModelError {
            throw error
        } catch let error as DecodingError {
            let reason = JSONFault.sentence(error, in: bytes)
            throw ModelError(path: path, offset: offset == 0 ? nil : offset, reason: "\(reason). \(JSONFile.remedy)")
        } catch {
            throw ModelError(path: path, reason: "\(error)")
        }
    }

    /// Throws where two keys of the outermost object are equal.
    /// - Parameter what: that the keys name.
    func requireDistinctKeys(naming what: String) throws(ModelError) -> [String: Int] {
        var offsets: [String: Int] = [:]
        for member in members() {
            let (key, offset) = (member.key, self.offset + member.keyPosition)
            if let first = offsets.updateValue(offset, forKey: key) {
                throw ModelError(
                    path: path, offset: offset, reason: "two \(what) are named '\(key)', the first at byte \(first)")
            }
        }
        return offsets
    }
}

extension JSONFile {
    /// A key of an object as often as it occurs there, and where its value lies.
    struct Member {
        let key: String
        /// In `bytes`, the opening quote.
        let keyPosition: Int
        let value: Range<Int>
    }

    /// The members of the object that a path of keys leads to; none where it leads to no object.
    ///
    /// Foundation's decoder puts them into a dictionary of strings, in which one of two equal keys is lost. And Swift's
    /// strings are equal when they look alike (U+8C48 and U+F900), which tokens of a vocabulary must not be.
    ///
    /// - Precondition: the text has been decoded before, so that it is known to be JSON.
    func members(at path: [String] = []) -> [Member] {
        var position = skippingSpace(0)
        for key in path {
            guard let member = objectMembers(from: position).first(where: { $0.key == key }) else { return [] }
            position = member.value.lowerBound
        }
        return objectMembers(from: position)
    }

    private func objectMembers(from start: Int) -> [Member] {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { return [] }
        var members: [Member] = []
        var position = skippingSpace(start + 1)
        while position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            let keyEnd = end(ofStringAt: position)
            // Behind the colon.
            let valueStart = skippingSpace(skippingSpace(keyEnd) + 1)
            let valueEnd = end(ofValueAt: valueStart)
            if let key = string(in: position..<keyEnd) {
                members.append(Member(key: key, keyPosition: position, value: valueStart..<valueEnd))
            }
            position = skippingSpace(valueEnd)
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { break }
            position = skippingSpace(position + 1)
        }
        return members
    }

    /// The text between quotes.
    private func string(in range: Range<Int>) -> String? {
        let literal = bytes[range]
        guard literal.contains(UInt8(ascii: "\\")) else {
            return String(decoding: literal.dropFirst().dropLast(), as: UTF8.self)
        }
        return try? JSONDecoder().decode(String.self, from: Data(literal))
    }

    private func skippingSpace(_ start: Int) -> Int {
        var position = start
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        return position
    }

    private func end(ofStringAt start: Int) -> Int {
        var position = start + 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position + 1, bytes.count)
    }

    private func end(ofValueAt start: Int) -> Int {
        var position = start
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position = end(ofStringAt: position)
                if depth == 0 { return position }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of what the value is in.
                guard depth > 0 else { return position }
                depth -= 1
                if depth == 0 { return position + 1 }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D: if depth == 0 { return position }
            default: break
            }
            position += 1
        }
        return bytes.count
    }
}

/// Any key of a JSON object.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
