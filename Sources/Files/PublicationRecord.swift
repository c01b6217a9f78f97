internal import FoundationEssentials
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension Publication {
    /// What is left to do to publish some folders, as it lies in the place of the first of them. Once it is there, the
    /// results count as published; whoever finds it finishes the work, and may be killed at that too.
    struct Record: Codable {
        struct Folder: Codable {
            var place: String
            var target: String
        }

        /// One renaming from the content of a place to the folder it belongs to.
        struct Move: Codable {
            /// By index.
            let folder: Int
            /// Relative to the folder; empty for all of it.
            let name: String
            /// Where a link of this name leads, which is what is replaced.
            let link: String?
        }

        var folders: [Folder]
        let moves: [Move]

        private static let name = "record.json"
        /// In the places of the other folders: where the record is.
        private static let leaderName = "leader"

        func write(in folders: [StagedFolder], step: (String) throws(FileError) -> Void) throws(FileError) {
            let leader = folders[0]
            for folder in folders.dropFirst() {
                try Record.write(Array(leader.place.utf8), to: "\(folder.place)/\(Record.leaderName)", of: folder)
                try step("leader named")
            }
            let bytes: [UInt8]
            do { bytes = Array(try JSONEncoder().encode(self)) } catch {
                throw FileError(path: leader.path, offset: nil, reason: "cannot be published: \(error)")
            }
            try step("record")
            try Record.write(bytes, to: "\(leader.place)/\(Record.name)", of: leader)
            try step("recorded")
        }

        private static func write(_ bytes: [UInt8], to path: String, of folder: StagedFolder) throws(FileError) {
            _ = try ReplacementFile(of: path, shownAs: folder.path).publish(bytes)
        }

        /// The place whose record tells of this place too.
        static func leader(of place: String) -> String? {
            guard let bytes = contents(of: "\(place)/\(leaderName)") else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// - Throws: where there is a record that cannot be read.
        static func read(from place: String) throws(FileError) -> Record? {
            let path = "\(place)/\(name)"
            guard FileStatus(path) != nil else { return nil }
            guard let bytes = contents(of: path) else { throw .system(path, "cannot be read: ") }
            var record: Record
            do { record = try JSONDecoder().decode(Record.self, from: Data(bytes)) } catch {
                throw FileError(
                    path: path, offset: nil,
                    reason: "what a run that was killed had published cannot be read from here: look at the files in "
                        + "\(place)/\(StagedFolder.contentName), and remove \(place)")
            }
            guard !record.folders.isEmpty, record.moves.allSatisfy({ record.folders.indices.contains($0.folder) })
            else {
                throw FileError(path: path, offset: nil, reason: "this record names folders that it does not have")
            }
            // The disk may be mounted at another path by now.
            record.folders[0].place = place
            let parent = FilePath(place).folder
            record.folders[0].target =
                FilePath(place).name == StagedFolder.insideName
                ? parent : (parent == "/" ? "" : parent) + "/" + FilePath(record.folders[0].target).name
            return record
        }

        private static func contents(of path: String) -> [UInt8]? {
            guard let status = FileStatus(path), status.kind == .regular else { return nil }
            do { return Array(try Data(contentsOf: URL(filePath: path))) } catch { return nil }
        }

        /// Does what is left to do.
        func perform(step: (String) throws(FileError) -> Void) throws(FileError) {
            for move in moves {
                try step("move")
                try move.perform(in: folders[move.folder].place, target: folders[move.folder].target)
            }
            try step("moved")
            for folder in folders { FileDescriptor.synchronizeFolder(folder.target) }
        }
    }
}

extension Publication.Record.Move {
    /// Nothing is to be done where the file is not in the place any more.
    func perform(in place: String, target: String) throws(FileError) {
        let content = "\(place)/\(StagedFolder.contentName)"
        let source = name.isEmpty ? content : "\(content)/\(name)"
        try Self.move(source, to: link ?? (name.isEmpty ? target : "\(target)/\(name)"))
    }

    private static func move(_ source: String, to target: String) throws(FileError) {
        guard let status = FileStatus(source, followsLinks: false) else { return }
        if rename(source, target) == 0 { return }
        let isTaken = [ENOTEMPTY, EEXIST, EBUSY].contains(errno)
        // A folder of this name has been made meanwhile.
        guard isTaken, status.kind == .folder, FileStatus(target)?.kind == .folder else {
            throw .system(target, "the finished file cannot be given this name: ")
        }
        for name in try StagedFolder.names(in: source) { try move("\(source)/\(name)", to: "\(target)/\(name)") }
    }
}
