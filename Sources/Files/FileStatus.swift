internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What the system tells of a file, as far as this room decides by it.
struct FileStatus: Equatable {
    enum Kind { case regular, folder, link, other }

    let kind: Kind
    /// Together with `number` it says which file it is, whatever its name.
    let device: UInt
    let number: UInt
    let mode: UInt32
    let owner: UInt32
    let group: UInt32
    /// Names that the file has.
    let nameCount: Int

    /// - Parameter followsLinks: false to look at a symbolic link itself.
    /// - Returns: nil where there is no such file, and where it cannot be looked at; `errno` tells.
    init?(_ path: String, followsLinks: Bool = true) {
        var status = stat()
        guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.init(status)
    }

    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .link
        default: kind = .other
        }
        device = UInt(status.st_dev)
        number = UInt(status.st_ino)
        mode = status.st_mode & 0o7777
        owner = status.st_uid
        group = status.st_gid
        nameCount = Int(status.st_nlink)
    }

    func isSameFile(as other: FileStatus) -> Bool { device == other.device && number == other.number }
}

extension FileError {
    /// What the system said last.
    static func system(_ path: String, _ what: String) -> FileError {
        FileError(path: path, offset: nil, reason: what + String(cString: strerror(errno)))
    }
}
