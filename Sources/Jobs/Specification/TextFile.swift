internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Reads small text files: specifications, CSV, lists of names.
enum TextFile {
    /// The whole file, which has to be UTF-8; a byte order mark is dropped.
    ///
    /// - Parameter limit: in bytes.
    static func read(_ path: String, limit: Int = 1 << 28) throws(FileError) -> String {
        let bytes = try bytes(of: path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let offset = firstInvalidByte(of: bytes)
            let before = bytes[..<offset]
            let line = 1 + before.count { $0 == 0x0A }
            let column = 1 + before.reversed().prefix { $0 != 0x0A }.count
            throw FileError(
                path: path, offset: offset,
                reason: "not UTF-8 text (line \(line), byte \(column) of it); if it is the right file, save it as UTF-8"
            )
        }
        return text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
    }

    /// The whole file.
    static func bytes(of path: String, limit: Int) throws(FileError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw FileError(path: path, code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path: path, offset: nil, reason: "not a regular file; a text file is needed here")
        }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw FileError(path: path, offset: nil, reason: "\(size) bytes, at most \(limit) are read")
        }
        let region = FileRegion(path: path, offset: 0, byteCount: size)
        var bytes = [UInt8](repeating: 0, count: size)
        let result = bytes.withUnsafeMutableBytes { destination in
            Result { () throws(FileError) in try region.read(into: destination) }
        }
        try result.get()
        return bytes
    }

    private static func firstInvalidByte(of bytes: [UInt8]) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        return min(offset, bytes.count)
    }
}

extension FileError {
    /// The description without the path.
    var placeAndReason: String { (offset.map { "byte \($0): " } ?? "") + reason }
}
