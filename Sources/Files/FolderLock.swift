internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Shows that only this process works in a hidden output folder: a locked file in it, which says who holds it.
///
/// The system releases the lock when the process ends, however it ends, so a lock that can be taken belongs to no
/// process that is alive. On file systems without locks, the process that the file names is looked for.
final class FolderLock {
    static let name = "lock"
    private let file: FileDescriptor

    /// Makes the folder, where it is not there, and takes its lock.
    ///
    /// - Parameters:
    ///   - shown: the folder that the user knows.
    ///   - trouble: what is said where the folder cannot be made, before the system's words.
    ///   - locks: false to do as on file systems without locks.
    /// - Throws: where another process has it.
    init(
        in place: String, of shown: String, trouble: String = "cannot be written to: ", locks: Bool = true
    ) throws(FileError) {
        let path = "\(place)/\(FolderLock.name)"
        while true {
            guard mkdir(place, 0o777) == 0 || errno == EEXIST else { throw .folder(shown, trouble) }
            let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
            // The previous owner may have removed the folder a moment ago.
            if number < 0, errno == ENOENT, FileStatus(place) == nil { continue }
            guard number >= 0 else { throw .folder(shown, "cannot be written to: ") }
            let file = FileDescriptor(number)
            try FolderLock.take(number, path: path, shown: shown, locks: locks)
            guard let mine = FileStatus(descriptor: number), let there = FileStatus(path, followsLinks: false),
                mine.isSameFile(as: there)
            else { continue }
            guard ftruncate(number, 0) == 0, file.write(Array("\(getpid()) \(FolderLock.host)\n".utf8), at: 0) else {
                throw .folder(shown, "cannot be written to: ")
            }
            self.file = file
            return
        }
    }

    private static func take(_ number: Int32, path: String, shown: String, locks: Bool) throws(FileError) {
        if locks {
            var code = flock(number, LOCK_EX | LOCK_NB)
            while code != 0, errno == EINTR { code = flock(number, LOCK_EX | LOCK_NB) }
            if code == 0 { return }
            if errno == EWOULDBLOCK {
                let owner = owner(number).map { "process \($0.process) on \($0.host)" } ?? "another process"
                throw FileError(
                    path: shown, offset: nil,
                    reason: "another run of mpinfer is writing into this folder (\(owner)): wait for it, or choose "
                        + "another folder")
            }
        }
        guard let owner = owner(number) else { return }
        if owner.host == host {
            guard owner.process != getpid(), kill(owner.process, 0) == 0 || errno == EPERM else { return }
        }
        throw FileError(
            path: shown, offset: nil,
            reason:
                "another run of mpinfer is writing into this folder (process \(owner.process) on \(owner.host)): wait "
                + "for it, choose another folder, or remove \(path) if that process is not there any more")
    }

    private static func owner(_ number: Int32) -> (process: pid_t, host: String)? {
        let text = String(decoding: FileDescriptor.contents(of: number, limit: 400), as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let process = pid_t(words[0]), process > 0 else { return nil }
        return (process, String(words[1]))
    }

    private static let host: String =
        SystemFile.text("/proc/sys/kernel/hostname")?.split(whereSeparator: \.isWhitespace).first.map(String.init)
        ?? "localhost"
}
