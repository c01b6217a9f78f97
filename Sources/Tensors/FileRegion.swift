#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A run of bytes in a file: where a weight lies until the rank that needs it reads it.
public struct FileRegion: Hashable, Sendable, Codable {
    public let path: String
    /// From the start of the file, in bytes.
    public let offset: Int
    public let byteCount: Int

    public init(path: String, offset: Int, byteCount: Int) {
        self.path = path
        self.offset = offset
        self.byteCount = byteCount
    }

    /// Reads the region, or a part of it, into memory.
    ///
    /// `pread` and not a memory map: a file that shrinks meanwhile gives an error here and would be a SIGBUS there,
    /// and the pages do not count as this rank's memory afterwards. What kernels read while they run, and never pack, is
    /// mapped (`Tensor.mapped`).
    ///
    /// - Parameter part: bytes counted from the region's start; all of it when nil.
    public func read(part: Range<Int>? = nil, into destination: UnsafeMutableRawBufferPointer) throws(FileError) {
        let part = part ?? 0..<byteCount
        precondition(part.lowerBound >= 0 && part.upperBound <= byteCount && destination.count >= part.count)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError(path: path, code: errno)
        }
        defer { close(descriptor) }
        var done = 0
        while done < part.count {
            let position = offset + part.lowerBound + done
            let got = pread(descriptor, destination.baseAddress! + done, part.count - done, off_t(position))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else {
                throw FileError(path: path, offset: position, reason: String(cString: strerror(errno)))
            }
            guard got > 0 else {
                throw FileError(
                    path: path, offset: position,
                    reason: "the file ends here, \(part.count - done) bytes of a tensor are missing")
            }
            done += got
        }
    }
}

/// A file that could not be read: which, where, and why in the system's words.
public struct FileError: Error, Sendable, CustomStringConvertible {
    public let path: String
    /// In bytes from the start, where that is known.
    public let offset: Int?
    public let reason: String

    public init(path: String, offset: Int?, reason: String) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    /// What the system says of a file that could not be opened, and what helps.
    ///
    /// - Parameter code: the value of `errno`.
    public init(path: String, code: Int32) {
        let words = String(cString: strerror(code))
        let remedy =
            switch code {
            case ENOENT, ENOTDIR: "; check the path: in a job relative ones count from the job's folder"
            case EACCES, EPERM: "; allow this user to read it (chmod, or another path)"
            case ELOOP: "; a link leads back to itself: name the file that is meant"
            case ENAMETOOLONG: "; check the path"
            case EMFILE, ENFILE: "; allow more open files (ulimit -n)"
            default: ""
            }
        self.init(path: path, offset: nil, reason: words + remedy)
    }

    public var description: String { "\(path)\(offset.map { ", byte \($0)" } ?? ""): \(reason)" }
}
