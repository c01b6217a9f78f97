internal import CZip
public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A .npz file that is being written: a zip archive of .npy files, stored without compression, as `numpy.savez` writes
/// it.
public struct NPZArchive {
    private var entries: [(key: String, bytes: [UInt8])] = []

    public init() {}

    /// Adds an array, which is copied.
    public mutating func add(_ key: String, _ tensor: Tensor) {
        var bytes = NPY.encodedHeader(tensor.type)
        tensor.withBytes { bytes.append(contentsOf: $0) }
        entries.append((key, bytes))
    }

    /// The whole archive.
    ///
    /// - Parameter path: what errors call it.
    public func encoded(path: String) throws(FileError) -> [UInt8] {
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        func failure(_ error: inout zip_error_t) -> FileError {
            FileError(path: path, offset: nil, reason: String(cString: zip_error_strerror(&error)))
        }
        guard let target = zip_source_buffer_create(nil, 0, 0, &error) else { throw failure(&error) }
        // Kept after the archive is closed, to be read then.
        zip_source_keep(target)
        defer { zip_source_free(target) }
        guard let archive = zip_open_from_source(target, ZIP_TRUNCATE, &error) else {
            zip_source_free(target)
            throw failure(&error)
        }
        for (key, bytes) in entries {
            // libzip reads entries when the archive is closed, so they need memory that stays.
            let copy = malloc(max(bytes.count, 1))!
            bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
            guard let source = zip_source_buffer(archive, copy, zip_uint64_t(bytes.count), 1) else {
                free(copy)
                zip_discard(archive)
                throw FileError(path: path, offset: nil, reason: "out of memory for \(key)")
            }
            let index = zip_file_add(archive, key + ".npy", source, zip_flags_t(ZIP_FL_ENC_UTF_8))
            guard index >= 0, zip_set_file_compression(archive, zip_uint64_t(index), ZIP_CM_STORE, 0) == 0 else {
                let reason = "\(key): \(String(cString: zip_strerror(archive)))"
                if index < 0 { zip_source_free(source) }
                zip_discard(archive)
                throw FileError(path: path, offset: nil, reason: reason)
            }
            // The time of day would make equal results differ.
            zip_file_set_dostime(archive, zip_uint64_t(index), 0, 0x21, 0)
        }
        guard zip_close(archive) == 0 else {
            let reason = String(cString: zip_strerror(archive))
            zip_discard(archive)
            throw FileError(path: path, offset: nil, reason: reason)
        }
        return try contents(of: target, path: path)
    }

    private func contents(of source: OpaquePointer, path: String) throws(FileError) -> [UInt8] {
        var status = zip_stat_t()
        guard zip_source_stat(source, &status) == 0, zip_source_open(source) == 0 else {
            throw FileError(path: path, offset: nil, reason: "the finished archive cannot be read back")
        }
        defer { zip_source_close(source) }
        var bytes = [UInt8](repeating: 0, count: Int(status.size))
        let count = bytes.withUnsafeMutableBytes { zip_source_read(source, $0.baseAddress, zip_uint64_t($0.count)) }
        guard count == bytes.count else {
            throw FileError(path: path, offset: nil, reason: "the finished archive cannot be read back")
        }
        return bytes
    }
}
