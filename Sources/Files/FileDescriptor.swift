internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An open file, closed when nobody holds it any more.
final class FileDescriptor {
    let number: Int32
    private var isOpen = true

    init(_ number: Int32) { self.number = number }

    deinit { if isOpen { Glibc.close(number) } }

    /// - Parameter offset: from the start of the file, in bytes; nil to continue where the last write ended.
    /// - Returns: whether all was written; where not, `errno` says why.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) -> Bool {
        FileDescriptor.write(bytes, to: number, at: offset)
    }

    fileprivate static func write(_ bytes: UnsafeRawBufferPointer, to number: Int32, at offset: Int?) -> Bool {
        var done = 0
        while done < bytes.count {
            let (start, rest) = (bytes.baseAddress! + done, bytes.count - done)
            let count =
                offset.map { pwrite(number, start, rest, off_t($0 + done)) } ?? Glibc.write(number, start, rest)
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN {
                // The other side has switched the stream to non-blocking mode.
                var stream = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
                poll(&stream, 1, -1)
                continue
            }
            guard count > 0 else {
                if count == 0 { errno = EIO }
                return false
            }
            done += count
        }
        return true
    }

    func write(_ bytes: [UInt8], at offset: Int? = nil) -> Bool { bytes.withUnsafeBytes { write($0, at: offset) } }

    /// Some file systems tell only here that a file is not what was written.
    func close() -> Bool {
        guard isOpen else { return true }
        isOpen = false
        return Glibc.close(number) == 0
    }

    /// Brings a folder's list of names to the disk; where a folder cannot be synchronised, nothing is done.
    static func synchronizeFolder(_ path: String) {
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return }
        fsync(number)
        Glibc.close(number)
    }

    /// - Returns: the bytes that a symbolic link holds; less than 1 where it cannot be read.
    static func readLink(_ path: String, into buffer: inout [UInt8]) -> Int {
        buffer.withUnsafeMutableBytes { bytes in
            readlink(path, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
    }

    /// The file's first bytes, `limit` at most.
    static func contents(of number: Int32, limit: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, pread(number, buffer.baseAddress, limit, 0))
        }
    }
}

/// The streams that a process is started with.
public enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// - Returns: whether all was written; where not, `errno` says why.
    public func write(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { FileDescriptor.write($0, to: rawValue, at: nil) }
    }
}
