internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file that appears under its name complete or not at all.
///
/// It is written without a name (`O_TMPFILE`), so that nothing stays behind even where the process is killed; on file
/// systems that cannot do this (NFS, Lustre), under a hidden name in the same folder. `seal` brings the bytes to the disk,
/// `publish` gives them the name, over what had it before.
final class AtomicFile {
    let path: String
    private let folder: String
    private let temporaryPath: String
    private var descriptor: Int32
    /// Whether `temporaryPath` exists.
    private var hasTemporaryName = false
    private(set) var byteCount = 0

    /// Creates the file, which is the proof that the folder can be written.
    ///
    /// - Parameter isUnnamed: false to have the way of file systems without unnamed files.
    init(path: String, isUnnamed: Bool = true) throws(FileError) {
        self.path = path
        let slash = path.lastIndex(of: "/")
        folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        temporaryPath = "\(folder)/.\(name).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).partial"
        descriptor = -1
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw FileError(path: path, offset: nil, reason: "something that is no regular file has this name")
        }
        if isUnnamed { descriptor = AtomicFile.unnamed(in: folder) }
        guard descriptor < 0 else { return }
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw error("cannot be created: ") }
        hasTemporaryName = true
    }

    deinit { discard() }

    /// Negative where there can be none, or none that can be given a name later.
    private static func unnamed(in folder: String) -> Int32 {
        let temporaryFile = O_DIRECTORY | 0o20000000  // O_TMPFILE, a macro that Swift does not import
        let descriptor = open(folder, O_WRONLY | temporaryFile | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { return -1 }
        if access("/proc/self/fd/\(descriptor)", F_OK) == 0 { return descriptor }
        close(descriptor)
        return -1
    }

    /// Makes sure now that there is room for a file of this size.
    func reserve(_ byteCount: Int) throws(FileError) {
        guard byteCount > 0 else { return }
        let code = posix_fallocate(descriptor, 0, off_t(byteCount))
        // File systems that cannot promise room are believed.
        guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
            errno = code
            throw error("no room for \(byteCount) bytes: ")
        }
    }

    /// - Parameter offset: from the start of the file, in bytes.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw error("byte \(offset + done) cannot be written: ") }
            done += count
        }
        byteCount = max(byteCount, offset + bytes.count)
    }

    func append(_ bytes: some Collection<UInt8>) throws(FileError) {
        let result = Array(bytes).withUnsafeBytes { source in
            Result { () throws(FileError) in try write(source, at: byteCount) }
        }
        try result.get()
    }

    /// Brings all bytes to the disk. What can fail for want of room or rights has failed after this.
    func seal() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw error("cannot be brought to the disk: ") }
        if !hasTemporaryName {
            let link = "/proc/self/fd/\(descriptor)"
            guard linkat(AT_FDCWD, link, AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW) == 0 else {
                throw error("cannot be given a name: ")
            }
            hasTemporaryName = true
        }
        let isClosed = close(descriptor) == 0
        descriptor = -1
        guard isClosed else { throw error("cannot be closed: ") }
    }

    /// Gives the sealed file its name.
    func publish() throws(FileError) {
        precondition(descriptor < 0 && hasTemporaryName, "seal comes first")
        guard rename(temporaryPath, path) == 0 else { throw error("cannot be given its name: ") }
        hasTemporaryName = false
        // The name itself has to be on the disk as well; where a folder cannot be synchronised, that is that.
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
    }

    /// Leaves nothing behind, unless the file has been published.
    func discard() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        if hasTemporaryName { unlink(temporaryPath) }
        hasTemporaryName = false
    }

    private func error(_ what: String) -> FileError {
        FileError(path: path, offset: nil, reason: what + String(cString: strerror(errno)))
    }
}
