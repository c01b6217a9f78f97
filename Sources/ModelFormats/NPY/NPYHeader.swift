internal import Tensors

/// What the head of a .npy file says about the array behind it: element type, byte order, axis order, shape.
///
/// Format: NumPy's NEP 1 and `numpy.lib.format`, versions 1.0, 2.0 and 3.0.
struct NPYHeader: Equatable, Sendable {
    var type: TensorType
    var isBigEndian = false
    /// First axis fastest. Arrays of one axis are the same either way and are never marked so here.
    var isFortranOrder = false
    /// Bytes before the first element.
    var byteCount: Int

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// A dictionary longer than this is no header that NumPy would write.
    static let longestDictionary = 1 << 20

    /// NumPy's type codes without the byte order. NumPy has no bfloat16: ml_dtypes saves it as two raw bytes (`V2`).
    static let codes: [(code: String, dtype: DType)] = [
        ("f4", .float32), ("f8", .float64), ("f2", .float16), ("V2", .bfloat16),
        ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64),
        ("u1", .uint8), ("u2", .uint16), ("u4", .uint32), ("u8", .uint64), ("b1", .bool),
    ]
}

// MARK: - Reading

extension NPYHeader {
    /// How many bytes from the start of the file belong to the header.
    ///
    /// - Parameter start: the first 12 bytes of the file, or all of them where it is shorter.
    static func byteCount(start: [UInt8], path: String) throws(FileError) -> Int {
        for (index, byte) in magic.enumerated() {
            guard index < start.count else {
                throw FileError(
                    path: path, offset: start.count,
                    reason: "the file ends inside its first bytes; save the array "
                        + "anew with numpy.save")
            }
            guard start[index] == byte else {
                throw FileError(
                    path: path, offset: index,
                    reason: "not a .npy file: it does not begin with \\x93NUMPY; "
                        + "save the array with numpy.save")
            }
        }
        guard start.count >= 10 else {
            throw FileError(
                path: path, offset: start.count,
                reason: "the file ends inside its header; save the array anew with numpy.save")
        }
        let major = start[6]
        guard (1...3).contains(major), start[7] == 0 else {
            throw FileError(
                path: path, offset: 6, reason: ".npy version \(major).\(start[7]), known are 1.0, 2.0 and 3.0")
        }
        let lengthBytes = major == 1 ? 2 : 4
        guard start.count >= 8 + lengthBytes else {
            throw FileError(
                path: path, offset: start.count,
                reason: "the file ends inside its header; save the array anew with numpy.save")
        }
        let length = (0..<lengthBytes).reduce(0) { $0 | Int(start[8 + $1]) << (8 * $1) }
        guard length <= longestDictionary else {
            throw FileError(path: path, offset: 8, reason: "a header of \(length) bytes is not one that NumPy writes")
        }
        return 8 + lengthBytes + length
    }

    /// - Parameter bytes: the whole header, as long as `byteCount(start:path:)` says.
    init(bytes: [UInt8], path: String) throws(FileError) {
        var parser = NPYDictionaryParser(bytes: bytes, position: bytes[6] == 1 ? 10 : 12, path: path)
        let entries = try parser.parse()
        let order = entries.descriptor.first.flatMap { "<>=|".contains($0) ? $0 : nil }
        let code = order == nil ? entries.descriptor : String(entries.descriptor.dropFirst())
        guard let dtype = NPYHeader.codes.first(where: { $0.code == code })?.dtype, order != nil else {
            throw FileError(
                path: path, offset: entries.descriptorOffset,
                reason: "element type '\(entries.descriptor)' is not supported; save the array with "
                    + "numpy.asarray(a, dtype) as one of \(NPYHeader.codes.map(\.code).joined(separator: ", "))")
        }
        guard let shape = Shape(checking: entries.shape) else {
            throw FileError(path: path, offset: entries.shapeOffset, reason: "impossible extents \(entries.shape)")
        }
        self.init(
            type: TensorType(dtype, shape), isBigEndian: order == ">" && dtype.byteCount > 1,
            isFortranOrder: entries.isFortranOrder && shape.rank > 1, byteCount: bytes.count)
    }
}

// MARK: - Writing

extension NPYHeader {
    /// The header of a little-endian array in C order, version 1.0 (2.0 where the shape is too long for it), its end
    /// a multiple of 64 bytes from the file's start as NumPy has it.
    static func encoded(_ type: TensorType) -> [UInt8] {
        let code = codes.first { $0.dtype == type.dtype }!.code  // every DType is in the table
        let order = type.dtype.byteCount == 1 ? "|" : "<"
        let extents = type.shape.dimensions.map(String.init).joined(separator: ", ")
        let shape = type.shape.rank == 1 ? "(\(extents),)" : "(\(extents))"
        let dictionary = Array("{'descr': '\(order)\(code)', 'fortran_order': False, 'shape': \(shape), }".utf8)
        let isShort = dictionary.count + 64 < 1 << 16
        let prefix = isShort ? 10 : 12
        let padding = (64 - (prefix + dictionary.count + 1) % 64) % 64
        let length = dictionary.count + padding + 1
        var bytes = magic + [isShort ? 1 : 2, 0]
        for byte in 0..<(isShort ? 2 : 4) { bytes.append(UInt8(truncatingIfNeeded: length >> (8 * byte))) }
        return bytes + dictionary + [UInt8](repeating: 0x20, count: padding) + [0x0A]
    }
}
