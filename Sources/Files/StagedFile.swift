public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file that is written in a `StagedFolder`, and is seen where it belongs once that is published.
public final class StagedFile {
    /// Where it will be seen.
    public let path: String
    private let file: FileDescriptor
    private var byteCount = 0

    /// - Parameters:
    ///   - path: where it will be seen; what errors call it.
    ///   - place: where it lies until then.
    init(_ path: String, at place: String) throws(FileError) {
        self.path = path
        let number = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard number >= 0 else { throw .system(path, "cannot be created: ") }
        file = FileDescriptor(number)
    }

    /// Makes sure now that there is room for a file of this size.
    public func reserve(_ byteCount: Int) throws(FileError) {
        guard byteCount > 0 else { return }
        let code = posix_fallocate(file.number, 0, off_t(byteCount))
        // File systems that cannot reserve space are taken to have enough.
        guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
            errno = code
            throw .system(path, "no room for \(byteCount) bytes: ")
        }
    }

    /// - Parameter offset: from the start of the file, in bytes.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        guard file.write(bytes, at: offset) else { throw .system(path, "cannot be written: ") }
        byteCount = max(byteCount, offset + bytes.count)
    }

    public func append(_ bytes: [UInt8]) throws(FileError) {
        guard file.write(bytes, at: byteCount) else { throw .system(path, "cannot be written: ") }
        byteCount += bytes.count
    }

    /// Ends the writing.
    public func close() throws(FileError) {
        guard file.close() else { throw .system(path, "cannot be closed: ") }
    }
}
