internal import CFiles
internal import FoundationEssentials
public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How staged folders are given their names: all of them or none, whenever the process may be killed.
///
/// A folder that was not there takes its place by one renaming. One that is there and holds only what the new files
/// replace is exchanged for the new one in one step, where the file system can do this. Otherwise the files are renamed one
/// by one: a record in the first folder's place, brought to the disk before the first of them, has the next run finish what
/// a killed one began.
public enum Publication {
    /// Gives the files of the folders their names. On failure before the point of no return, nothing is seen of them.
    ///
    /// - Throws: where the disk is full or broken, and where a name cannot be given.
    public static func publish(_ folders: [StagedFolder]) throws(FileError) { try publish(folders, step: { _ in }) }

    /// - Parameter step: told what comes next; tests end the work there as a kill would.
    static func publish(_ folders: [StagedFolder], step: (String) throws(FileError) -> Void) throws(FileError) {
        try Interruption.whole(folders) { () throws(FileError) in
            for folder in folders { try Publication.synchronize(folder) }
            var moves: [Record.Move] = []
            for (index, folder) in folders.enumerated() { moves += try Publication.moves(folder, index: index) }
            try step("moves")
            var isDone = false
            if folders.count == 1, moves.count <= 1 {
                for move in moves { try move.perform(in: folders[0].place, target: folders[0].target) }
                folders[0].keep()
                isDone = true
            } else if folders.count == 1 {
                isDone = try Publication.exchange(folders[0], step: step)
            }
            if !isDone {
                let record = Record(
                    folders: folders.map { .init(place: $0.place, target: $0.target) }, moves: moves)
                try record.write(in: folders, step: step)
                // From here on there is no way back.
                for folder in folders { folder.keep() }
                try record.perform(step: step)
            }
            for folder in folders {
                FileDescriptor.synchronizeFolder(FilePath(folder.target).folder)
                FileDescriptor.synchronizeFolder(folder.target)
            }
            try step("clear")
            for folder in folders.reversed() {
                StagedFolder.clear(folder.place)
                try step("cleared")
            }
        }
    }

    /// Finishes or takes back what a process that is not there any more has left in a place, and takes the place away.
    ///
    /// - Parameter shown: the folder that the user knows.
    /// - Throws: where a living process works there, and where what was begun cannot be finished.
    static func settle(_ place: String, shown: String, locks: Bool = true) throws(FileError) {
        guard FileStatus(place, followsLinks: false)?.kind == .folder else { return }
        // This folder is a part of what the record in another folder describes.
        if let leader = Record.leader(of: place), leader != place { try settle(leader, shown: shown, locks: locks) }
        guard FileStatus(place) != nil else { return }
        let lock = try FolderLock(in: place, of: shown, locks: locks)
        try withExtendedLifetime(lock) { () throws(FileError) in
            if let record = try Record.read(from: place) {
                var others: [FolderLock] = []
                for folder in record.folders.dropFirst() where FileStatus(folder.place) != nil {
                    others.append(try FolderLock(in: folder.place, of: folder.target, locks: locks))
                }
                try withExtendedLifetime(others) { () throws(FileError) in
                    try record.perform { _ in }
                    for folder in record.folders.dropFirst().reversed() { StagedFolder.clear(folder.place) }
                }
            }
            StagedFolder.clear(place)
        }
    }

    // MARK: - Writing to the disk

    /// Up to this many files are brought to the disk one by one; for more, the whole file system is.
    private static let singleFileLimit = 16

    /// Brings all bytes of a folder's files to the disk, and their names in the hidden folder. What can fail for lack
    /// of space has failed after this.
    private static func synchronize(_ folder: StagedFolder) throws(FileError) {
        guard folder.fileCount <= singleFileLimit else {
            let number = open(folder.content, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard number >= 0 else { throw .system(folder.path, "cannot be brought to the disk: ") }
            defer { close(number) }
            guard cfiles_sync_file_system(number) == 0 else {
                throw .system(folder.path, "cannot be brought to the disk: ")
            }
            return
        }
        let tree = try names(below: folder.content)
        for (name, isFolder) in tree where !isFolder {
            let number = open("\(folder.content)/\(name)", O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { throw .system("\(folder.path)/\(name)", "cannot be brought to the disk: ") }
            defer { close(number) }
            guard fsync(number) == 0 else { throw .system("\(folder.path)/\(name)", "cannot be brought to the disk: ") }
        }
        for (name, isFolder) in tree.reversed() where isFolder {
            FileDescriptor.synchronizeFolder("\(folder.content)/\(name)")
        }
        FileDescriptor.synchronizeFolder(folder.content)
    }

    /// All files and folders below one, a folder before what is in it.
    static func names(below folder: String) throws(FileError) -> [(name: String, isFolder: Bool)] {
        var found: [(name: String, isFolder: Bool)] = []
        for name in try StagedFolder.names(in: folder) {
            let isFolder = FileStatus("\(folder)/\(name)", followsLinks: false)?.kind == .folder
            found.append((name, isFolder))
            guard isFolder else { continue }
            for inner in try names(below: "\(folder)/\(name)") {
                found.append(("\(name)/\(inner.name)", inner.isFolder))
            }
        }
        return found
    }

    // MARK: - One step or many

    /// The fewest renamings that bring all files where they belong.
    private static func moves(_ folder: StagedFolder, index: Int) throws(FileError) -> [Record.Move] {
        func below(_ name: String) throws(FileError) -> [Record.Move] {
            let (content, target) =
                name.isEmpty
                ? (folder.content, folder.target) : ("\(folder.content)/\(name)", "\(folder.target)/\(name)")
            // What the target does not have yet is moved as a whole.
            guard FileStatus(content)?.kind == .folder, FileStatus(target) != nil else {
                return [Record.Move(folder: index, name: name, link: folder.linked[name])]
            }
            var moves: [Record.Move] = []
            for inner in try StagedFolder.names(in: content) {
                moves += try below(name.isEmpty ? inner : "\(name)/\(inner)")
            }
            return moves
        }
        return try below("")
    }

    /// Exchanges the whole folder for the new one, in one step, where nothing but what the new files replace is in it and
    /// nothing tells the two folders apart.
    ///
    /// - Returns: false where that cannot be; nothing is changed then.
    private static func exchange(
        _ folder: StagedFolder, step: (String) throws(FileError) -> Void
    ) throws(FileError) -> Bool {
        let (content, target) = (folder.content, folder.target)
        guard target != "/", folder.linked.isEmpty, folder.place == StagedFolder.inside(target),
            let old = FileStatus(target), let new = FileStatus(content), old.owner == new.owner,
            old.group == new.group, cfiles_attribute_size(target) == cfiles_attribute_size(content)
        else { return false }
        let fresh = Set(try names(below: content).map { "\($0.name) \($0.isFolder)" })
        let hidden = FilePath(folder.place).name
        for (name, isFolder) in try names(below: target) where name != hidden && !name.hasPrefix(hidden + "/") {
            guard fresh.contains("\(name) \(isFolder)"),
                let status = FileStatus("\(target)/\(name)", followsLinks: false),
                status.kind == .folder || status.nameCount == 1
            else { return false }
        }
        guard chmod(content, old.mode) == 0 else { return false }
        try step("exchange")
        // Out of the folder first: a folder cannot change places with one inside it.
        let beside = StagedFolder.beside(target)
        guard rename(folder.place, beside) == 0 else { return false }
        let inside = folder.place
        folder.place = beside
        try step("moved out")
        guard cfiles_exchange(folder.content, target) == 0 else {
            if rename(beside, inside) == 0 { folder.place = inside }
            return false
        }
        folder.keep()
        try step("exchanged")
        return true
    }
}
