internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file that takes the place of another in one step.
///
/// Until then it lies next to that file under a hidden name made from its name: what a killed process leaves there, the
/// next one writes over. Who writes to the same path at the same time waits.
struct ReplacementFile {
    private let target: String
    private let shown: String
    private let temporary: String
    private let file: FileDescriptor

    /// - Parameters:
    ///   - target: a path without links; the file need not be there.
    ///   - shown: what errors call it.
    init(of target: String, shownAs shown: String) throws(FileError) {
        self.target = target
        self.shown = shown
        let path = FilePath(target)
        temporary = "\(path.folder)/.\(String(decoding: path.name.utf8.prefix(200), as: UTF8.self)).mpinfer-partial"
        while true {
            let number = open(temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
            guard number >= 0 else { throw .system(shown, "the file cannot be written: ") }
            let file = FileDescriptor(number)
            // File systems without locks are believed to have one writer.
            while flock(number, LOCK_EX) != 0, errno == EINTR {}
            // While this one waited, the file may have become what it was made for.
            guard let mine = FileStatus(descriptor: number), let there = FileStatus(temporary, followsLinks: false),
                mine.isSameFile(as: there)
            else { continue }
            guard ftruncate(number, 0) == 0 else { throw .system(shown, "the file cannot be written: ") }
            self.file = file
            return
        }
    }

    /// Writes all of it, brings it to the disk, and gives it its name. Nothing is left of it where that fails.
    ///
    /// - Returns: false where the system lets no other file take the place, as with a single file that is a mount
    ///   point.
    func publish(_ bytes: [UInt8]) throws(FileError) -> Bool {
        if let old = FileStatus(target) { fchmod(file.number, old.mode & 0o777) }
        guard file.write(bytes), fsync(file.number) == 0, rename(temporary, target) == 0 else {
            let isHeld = errno == EBUSY
            let error = FileError.system(shown, "the file cannot be written: ")
            unlink(temporary)
            if isHeld { return false }
            throw error
        }
        FileDescriptor.synchronizeFolder(FilePath(target).folder)
        return true
    }
}
