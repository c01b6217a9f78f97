internal import FoundationEssentials
public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A folder of results that are still being written: its files lie in a hidden folder on the same disk until all of
/// them are there.
///
/// The hidden folder, the *place*, is `.mpinfer` in a folder that is there, and `.NAME.mpinfer` next to one that does
/// not exist yet. It is locked, so that nobody else writes into the same folder; what dead processes have left there is
/// cleared up by the next one. Not for use from several threads at once.
public final class StagedFolder {
    /// As the user wrote it.
    public let path: String
    /// The folder, absolute and without links.
    let target: String
    /// Where the files lie; it changes while they are published.
    var place: String
    private let lock: FolderLock
    /// Folders above the target that were made for it.
    private let outer: OutputFolder?
    private(set) var fileCount = 0
    /// What files replace that links lead to, by their names.
    private(set) var linked: [String: String] = [:]
    /// Published, or taken back.
    private(set) var isDone = false

    /// Under the place.
    static let contentName = "new"

    /// - Parameter locks: false to do as on file systems without locks.
    /// - Throws: where the folder cannot be made or written to, and where another process writes into it.
    public convenience init(_ path: String) throws(FileError) { try self.init(path, locks: true) }

    init(_ path: String, locks: Bool) throws(FileError) {
        self.path = path
        if let status = FileStatus(path) {
            guard status.kind == .folder else {
                errno = ENOTDIR
                throw .folder(path, "the folder cannot be made: ")
            }
            outer = nil
            target = try FilePath.resolved(path)
        } else {
            let followed = FilePath(try FilePath.followed(path))
            guard !["", ".", ".."].contains(followed.name) else { throw .folder(path, "the folder cannot be made: ") }
            let outer = try OutputFolder(followed.folder)
            self.outer = outer
            let folder = try FilePath.resolved(followed.folder)
            target = (folder == "/" ? "" : folder) + "/" + followed.name
        }
        do throws(FileError) {
            for place in [StagedFolder.inside(target), StagedFolder.beside(target)] {
                try Publication.settle(place, shown: path, locks: locks)
            }
            let isThere = FileStatus(target) != nil
            place = isThere ? StagedFolder.inside(target) : StagedFolder.beside(target)
            let trouble = isThere ? "cannot be written to: " : "the folder cannot be made: "
            lock = try FolderLock(in: place, of: path, trouble: trouble, locks: locks)
            guard mkdir("\(place)/\(StagedFolder.contentName)", 0o777) == 0 else {
                throw FileError.folder(path, "cannot be written to: ")
            }
        } catch {
            outer?.removeIfCreated()
            throw error
        }
        Interruption.add(self, place: place, outer: outer)
    }

    deinit { discard() }

    /// Makes a file in the folder.
    ///
    /// - Parameter name: relative to the folder; may lie in folders inside.
    /// - Throws: where something has this name that a file cannot take the place of.
    public func file(_ name: String) throws(FileError) -> StagedFile {
        try makeFolder(FilePath(name).folder)
        try requireName(name)
        fileCount += 1
        return try StagedFile("\(path)/\(name)", at: "\(content)/\(name)")
    }

    /// - Throws: where something has this name in the folder that a file cannot take the place of.
    public func requireName(_ name: String) throws(FileError) {
        let shown = "\(path)/\(name)"
        let old = FileStatus("\(target)/\(name)", followsLinks: false)
        if old?.kind == .link {
            // The link stays, and leads to the new file.
            guard let status = FileStatus(shown), status.kind == .regular,
                status.device == FileStatus(target)?.device
            else {
                throw FileError(
                    path: shown, offset: nil,
                    reason:
                        "a symbolic link has this name that leads to no file on the same disk; take it away, or choose "
                        + "another folder")
            }
            linked[name] = try FilePath.resolved(shown)
        } else if let old, old.kind != .regular {
            throw FileError(
                path: shown, offset: nil,
                reason: "something that is no regular file has this name; take it away, or choose another folder")
        }
    }

    /// Makes a file of a text.
    public func write(_ text: String, to name: String) throws(FileError) {
        let file = try file(name)
        try file.append(Array(text.utf8))
        try file.close()
    }

    /// Makes a folder inside, which may stay empty.
    public func makeFolder(_ name: String) throws(FileError) {
        guard name != "." else { return }
        if let old = FileStatus("\(target)/\(name)"), old.kind != .folder {
            errno = ENOTDIR
            throw .folder("\(path)/\(name)", "the folder cannot be made: ")
        }
        _ = try OutputFolder("\(content)/\(name)")
    }

    /// A path of a folder in relation to this one; nil where it is not inside. Links that lead elsewhere lead outside.
    public func name(ofFolder path: String) -> String? {
        let (inner, own) = (StagedFolder.plain(path), StagedFolder.plain(self.path))
        guard inner == own || inner.hasPrefix(own + "/") else { return nil }
        let name = inner == own ? "." : String(inner.dropFirst(own.count + 1))
        guard FileStatus(path) != nil else { return FileStatus(path, followsLinks: false) == nil ? name : nil }
        do throws(FileError) {
            let resolved = try FilePath.resolved(path)
            return resolved == (name == "." ? target : "\(target)/\(name)") ? name : nil
        } catch { return nil }
    }

    /// Takes everything back, unless it was published.
    public func discard() {
        guard !isDone else { return }
        isDone = true
        Interruption.remove(self) {
            StagedFolder.clear(place)
            outer?.removeIfCreated()
        }
    }

    /// What is published, or about to be in any case, is not taken back any more.
    func keep() { isDone = true }

    var content: String { "\(place)/\(StagedFolder.contentName)" }

    // MARK: - Places

    /// Of a place in its target.
    static let insideName = ".mpinfer"

    static func inside(_ target: String) -> String { "\(target == "/" ? "" : target)/\(insideName)" }

    static func beside(_ target: String) -> String {
        let path = FilePath(target)
        let folder = path.folder == "/" ? "" : path.folder
        return "\(folder)/.\(String(decoding: path.name.utf8.prefix(200), as: UTF8.self)).mpinfer"
    }

    /// Removes a place and all that is in it; the lock last.
    static func clear(_ place: String) {
        do throws(FileError) {
            for name in try names(in: place) where name != FolderLock.name { remove("\(place)/\(name)") }
        } catch {
            // As with what cannot be removed.
            return
        }
        unlink("\(place)/\(FolderLock.name)")
        rmdir(place)
    }

    static func remove(_ path: String) {
        // What cannot be removed stays hidden, and is tried again by the next run.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// All names in a folder, in order.
    ///
    /// - Throws: where they cannot be read: results would be lost unseen.
    static func names(in folder: String) throws(FileError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            let reason = ((error as? CocoaError)?.underlying as? POSIXError).map {
                String(cString: strerror($0.code.rawValue))
            }
            throw FileError(path: folder, offset: nil, reason: "cannot be listed: \(reason ?? "\(error)")")
        }
    }

    /// An absolute path without `.` and `..`; links stay.
    private static func plain(_ path: String) -> String {
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var parts: [Substring] = []
        for part in absolute.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
