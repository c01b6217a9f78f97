public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The folder that outputs go to, made when missing; and taken away again when nothing came of it.
public struct OutputFolder: Sendable {
    public let path: String
    /// Outermost first.
    private(set) var created: [String] = []

    public init(_ path: String) throws(FileError) {
        self.path = path
        var current = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            current += (current.isEmpty || current.hasSuffix("/") ? "" : "/") + component
            if mkdir(current, 0o777) == 0 {
                created.append(current)
            } else if errno != EEXIST {
                // A folder above may exist without write permission, so what counts is whether this one is there.
                let error = FileError.folder(current, "the folder cannot be made: ")
                guard FileStatus(current) != nil else {
                    removeIfCreated()
                    throw error
                }
            }
        }
    }

    /// Finds out whether a folder can be made, or is there, and can be written to; makes nothing.
    public static func require(_ path: String) throws(FileError) {
        var current = path.isEmpty ? "." : path
        while true {
            if let status = FileStatus(current) {
                guard status.kind == .folder else {
                    errno = ENOTDIR
                    throw .folder(current, "the folder cannot be made: ")
                }
                guard access(current, W_OK | X_OK) == 0 else { throw .folder(current, "cannot be written to: ") }
                return
            }
            guard errno == ENOENT, FileStatus(current, followsLinks: false) == nil, current != ".", current != "/"
            else {
                throw .folder(current, "the folder cannot be made: ")
            }
            current = FilePath(current).folder
        }
    }

    /// Removes what `init` made, as far as it is empty.
    public func removeIfCreated() {
        for path in created.reversed() { rmdir(path) }
    }
}

extension FileError {
    /// What the system said last of a folder for results, and what helps.
    static func folder(_ path: String, _ what: String) -> FileError {
        let error = FileError.system(path, what)
        return FileError(path: path, offset: nil, reason: error.reason + "; name another folder")
    }
}
