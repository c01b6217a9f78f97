internal import CZip
public import Tensors

/// A .npz file: a zip archive of .npy files, as `numpy.savez` and `numpy.savez_compressed` write it.
public struct NPZFile: Sendable {
    public let path: String
    /// The names of the arrays, as `numpy.load` has them (without `.npy`), in the archive's order.
    public let keys: [String]

    /// Reads the archive's table of contents.
    public init(_ path: String) throws(FileError) {
        let archive = try Archive(path)
        self.path = path
        keys = try (0..<archive.entryCount).map { (index) throws(FileError) in
            try archive.status(of: index).key
        }
    }

    /// Decompresses one array into memory.
    ///
    /// - Parameter key: its name; may be nil where the archive holds one array only.
    /// - Throws: where there is no such array, and for damage to the archive (checksums are compared) or to the array.
    public func read(_ key: String? = nil) throws(FileError) -> Tensor {
        try Archive(path).read(index(of: key))
    }

    /// The type of an array, from its header.
    ///
    /// - Parameter key: its name; may be nil where the archive holds one array only.
    /// - Throws: where there is no such array, and for damage up to the header's end.
    public func type(_ key: String? = nil) throws(FileError) -> TensorType {
        try Archive(path).type(index(of: key))
    }

    private func index(of key: String?) throws(FileError) -> Int {
        let known = keys.isEmpty ? "the archive is empty" : "it holds " + keys.joined(separator: ", ")
        guard let wanted = key ?? (keys.count == 1 ? keys[0] : nil) else {
            throw FileError(path: path, offset: nil, reason: "say which array is meant (key): \(known)")
        }
        guard let index = keys.firstIndex(of: wanted) else {
            throw FileError(path: path, offset: nil, reason: "no array '\(wanted)': \(known)")
        }
        return index
    }
}

/// An open zip archive.
private struct Archive: ~Copyable {
    struct Status {
        let key: String
        let size: Int
    }

    let path: String
    let handle: OpaquePointer

    init(_ path: String) throws(FileError) {
        self.path = path
        var code: Int32 = 0
        guard let handle = zip_open(path, ZIP_RDONLY, &code) else {
            var error = zip_error_t()
            zip_error_init_with_code(&error, code)
            defer { zip_error_fini(&error) }
            let reason = String(cString: zip_error_strerror(&error))
            throw FileError(path: path, offset: nil, reason: "\(reason); save the arrays anew with numpy.savez")
        }
        self.handle = handle
    }

    deinit { zip_discard(handle) }

    var entryCount: Int { Int(zip_get_num_entries(handle, 0)) }

    func status(of index: Int) throws(FileError) -> Status {
        var status = zip_stat_t()
        guard zip_stat_index(handle, zip_uint64_t(index), 0, &status) == 0, let name = status.name else {
            throw FileError(path: path, offset: nil, reason: "entry \(index): \(String(cString: zip_strerror(handle)))")
        }
        let fileName = String(cString: name)
        let key = fileName.hasSuffix(".npy") ? String(fileName.dropLast(4)) : fileName
        guard status.encryption_method == ZIP_EM_NONE,
            [ZIP_CM_STORE, ZIP_CM_DEFLATE].contains(Int32(status.comp_method))
        else {
            throw FileError(
                path: path, offset: nil,
                reason: "\(key): a way of packing that NumPy does not write (method \(status.comp_method), "
                    + "encryption \(status.encryption_method))")
        }
        // Deflate cannot do better than 1032 to 1: a size past that is false, and memory for it must not be asked for.
        guard status.comp_size <= 1 << 46, status.size <= 1 << 46, status.size <= 1032 * status.comp_size + 64 else {
            throw FileError(
                path: path, offset: nil,
                reason: "\(key): \(status.comp_size) packed bytes cannot unpack to \(status.size)")
        }
        return Status(key: key, size: Int(status.size))
    }

    func type(_ index: Int) throws(FileError) -> TensorType {
        try unpack(index) { (_, header, _) throws(FileError) in header.type }
    }

    func read(_ index: Int) throws(FileError) -> Tensor {
        try unpack(index) { (reader, header, name) throws(FileError) in
            let tensor = Tensor(uninitialized: header.type.dtype, shape: header.type.shape)
            let result = tensor.withMutableBytes { destination in
                Result { () throws(FileError) in try reader.fill(destination) }
            }
            try result.get()
            try reader.finish()
            try NPY.finish(tensor, header: header, path: name, offset: header.byteCount)
            return header.isFortranOrder ? NPY.rowMajor(tensor) : tensor
        }
    }

    /// Opens an entry and reads its header.
    ///
    /// - Parameter body: given the entry behind its header, the header, and what errors call the entry.
    private func unpack<Content>(
        _ index: Int, _ body: (inout EntryReader, NPYHeader, _ name: String) throws(FileError) -> Content
    ) throws(FileError) -> Content {
        let status = try status(of: index)
        let name = "\(path)[\(status.key)]"
        guard let entry = zip_fopen_index(handle, zip_uint64_t(index), 0) else {
            throw FileError(path: name, offset: nil, reason: String(cString: zip_strerror(handle)))
        }
        defer { zip_fclose(entry) }
        var reader = EntryReader(entry: entry, name: name)
        let start = try reader.bytes(min(12, status.size))
        let headerByteCount = try NPYHeader.byteCount(start: start, path: name)
        guard headerByteCount <= status.size else {
            throw FileError(path: name, offset: status.size, reason: "the array ends inside its header")
        }
        let header = try NPYHeader(
            bytes: start.prefix(headerByteCount) + reader.bytes(max(0, headerByteCount - start.count)), path: name)
        try NPY.checkLength(status.size, of: header, path: name)
        return try body(&reader, header, name)
    }
}

/// Unpacks one entry from its beginning to its end.
private struct EntryReader {
    let entry: OpaquePointer
    let name: String
    var offset = 0

    mutating func bytes(_ count: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { destination in
            Result { () throws(FileError) in try fill(destination) }
        }
        try result.get()
        return bytes
    }

    mutating func fill(_ destination: UnsafeMutableRawBufferPointer) throws(FileError) {
        var done = 0
        while done < destination.count {
            let count = try read(destination.baseAddress! + done, destination.count - done)
            guard count > 0 else {
                throw FileError(path: name, offset: offset, reason: "the archive's entry ends here")
            }
            done += count
        }
    }

    /// Reading past the last byte is what makes libzip compare the checksum.
    mutating func finish() throws(FileError) {
        var byte: UInt8 = 0
        guard try read(&byte, 1) == 0 else {
            throw FileError(path: name, offset: offset, reason: "the entry is longer than the archive says")
        }
    }

    private mutating func read(_ destination: UnsafeMutableRawPointer, _ count: Int) throws(FileError) -> Int {
        let count = Int(zip_fread(entry, destination, zip_uint64_t(count)))
        guard count >= 0 else {
            throw FileError(
                path: name, offset: offset, reason: String(cString: zip_error_strerror(zip_file_get_error(entry))))
        }
        offset += count
        return count
    }
}
