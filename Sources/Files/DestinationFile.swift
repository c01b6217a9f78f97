public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where a report goes that a user has named a path for: a file, or whatever else can be written to.
///
/// It is made before the work, and says then what would fail after it. A regular file is replaced as a whole: a
/// reader sees the old one or the new one, and its name, its rights and the links that lead to it stay. Pipes, terminals
/// and devices are written into, and so is what standard output leads to under another name.
public final class DestinationFile {
    private enum Way {
        /// The path without links.
        case replacing(String)
        /// A file that cannot be replaced by another: it has several names, another owner, or a folder that this
        /// process may not write.
        case inPlace(String)
        case stream(FileDescriptor)
    }

    public let path: String
    private let way: Way

    /// - Throws: where the path names a folder, or what cannot be written.
    public init(_ path: String) throws(FileError) {
        self.path = path
        guard !path.isEmpty, !path.hasSuffix("/") else {
            throw FileError(path: path, offset: nil, reason: "the file cannot be written: a file has to have a name")
        }
        guard let status = FileStatus(path) else {
            guard errno == ENOENT else { throw .system(path, "the file cannot be written: ") }
            way = .replacing(try DestinationFile.newFile(path))
            return
        }
        if let shared = DestinationFile.openStream(status) {
            way = .stream(shared)
            return
        }
        switch status.kind {
        case .folder:
            throw FileError(path: path, offset: nil, reason: "this is a folder; name a file in it")
        case .regular, .link:
            guard access(path, W_OK) == 0 else { throw .system(path, "the file cannot be written: ") }
            let resolved = try FilePath.resolved(path)
            let canReplace =
                status.nameCount == 1 && status.owner == geteuid()
                && access(FilePath(resolved).folder, W_OK | X_OK) == 0
            way = canReplace ? .replacing(resolved) : .inPlace(resolved)
        case .other:
            let number = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard number >= 0 else { throw .system(path, "cannot be written: ") }
            way = .stream(FileDescriptor(number))
        }
    }

    /// A second name of standard output or standard error, which may lie in a file that must not be replaced under them.
    private static func openStream(_ status: FileStatus) -> FileDescriptor? {
        for stream in [STDOUT_FILENO, STDERR_FILENO] {
            guard let open = FileStatus(descriptor: stream), open.isSameFile(as: status) else { continue }
            let number = fcntl(stream, F_DUPFD_CLOEXEC, 3)
            return number < 0 ? nil : FileDescriptor(number)
        }
        return nil
    }

    /// Where a file will be that is not there yet; a link may lead to it.
    private static func newFile(_ path: String) throws(FileError) -> String {
        let followed = try FilePath.followed(path)
        let folder = FilePath(followed).folder
        guard FileStatus(folder) != nil, access(folder, W_OK | X_OK) == 0 else {
            throw .system(path, "the file cannot be written: \(folder): ")
        }
        return followed
    }

    /// Writes the whole file; for a stream, what comes next in it. A reader who has left a pipe is no failure.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        switch way {
        case .replacing(let target):
            let file = try ReplacementFile(of: target, shownAs: path)
            if try !file.publish(bytes) { try writeInPlace(bytes, target) }
        case .inPlace(let target): try writeInPlace(bytes, target)
        case .stream(let stream):
            guard stream.write(bytes) || errno == EPIPE else { throw .system(path, "cannot be written: ") }
        }
    }

    private func writeInPlace(_ bytes: [UInt8], _ target: String) throws(FileError) {
        let number = open(target, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard number >= 0 else { throw .system(path, "the file cannot be written: ") }
        let file = FileDescriptor(number)
        guard file.write(bytes), fsync(number) == 0, file.close() else {
            throw .system(path, "the file cannot be written: ")
        }
    }

    public func write(_ text: String) throws(FileError) { try write(Array(text.utf8)) }
}
