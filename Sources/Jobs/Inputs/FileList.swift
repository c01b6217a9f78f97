internal import Tensors

/// A text file with the path of a file on each line.
enum FileList {
    /// The paths, in the order of the lines; relative ones from the list's own folder. A line ends with LF or CRLF, and
    /// one with nothing but blanks is left out.
    ///
    /// - Throws: naming the list and the line, for a file that is not there, and for a list of none.
    static func read(_ list: String) throws(FileError) -> [String] {
        let text = try TextFile.read(list)
        let folder = list.lastIndex(of: "/").map { String(list[...$0]) } ?? ""
        var paths: [String] = []
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let content = String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            guard content.contains(where: { $0 != " " && $0 != "\t" }) else { continue }
            let path = content.hasPrefix("/") ? content : folder + content
            switch InputFiles.isFolder(path) {
            case false?: paths.append(path)
            case true?:
                throw FileError(
                    path: list, offset: nil,
                    reason: "line \(index + 1): \(path) is a folder; a list names files, one on each line")
            case nil:
                throw FileError(
                    path: list, offset: nil,
                    reason: "line \(index + 1): there is no file \(path); paths in a list count from the list's folder")
            }
        }
        guard !paths.isEmpty else { throw FileError(path: list, offset: nil, reason: "the list names no file") }
        return paths
    }
}
