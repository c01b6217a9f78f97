internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Finds the files of one kind that a specification means.
struct InputFiles {
    /// What one of them is called, in errors.
    let noun: String
    /// The key that lists them.
    let key: String
    /// What those in a folder end with, in lower case.
    let extensions: [String]

    static let images = InputFiles(noun: "image", key: "images", extensions: [".png", ".jpg", ".jpeg"])
    static let arrays = InputFiles(noun: "array", key: "arrays", extensions: [".npy"])
    static let archives = InputFiles(noun: "archive", key: "arrays", extensions: [".npz"])

    /// Files in the order of the entries; what a folder or a glob gives is sorted byte by byte.
    ///
    /// - Parameter entries: files, folders (their files with one of the extensions, not those of folders inside), globs,
    ///   and lists of files.
    /// - Throws: for an entry that gives nothing, and for a file that is meant twice.
    func expand(_ entries: [JobSpecification.FileEntry]) throws(FileError) -> [FileList.Entry] {
        var all: [FileList.Entry] = []
        for given in entries {
            let entry = given.path
            if given.isList {
                all += try FileList.read(entry)
                continue
            }
            let found = try files(of: entry)
            if found.isEmpty {
                throw FileError(
                    path: entry, offset: nil,
                    reason: InputFiles.isFolder(entry) == true
                        ? "no \(extensionList) files in this folder"
                        : "no such file, and nothing matches it as a pattern; check the path: in a job "
                            + "relative ones count from the job's folder")
            }
            all += found.map { FileList.Entry(path: $0) }
        }
        var seen: Set<String> = []
        for path in all.lazy.map(\.path) where !seen.insert(path).inserted {
            throw FileError(path: path, offset: nil, reason: "this \(noun) is meant by two entries of '\(key)'")
        }
        return all
    }

    /// What files are called: their paths from the deepest folder that holds them all.
    static func names(of paths: [String]) -> [String] {
        let split = paths.map { $0.split(separator: "/", omittingEmptySubsequences: false) }
        guard var common = split.first?.dropLast() else { return [] }
        for path in split {
            while !path.dropLast().starts(with: common) { common.removeLast() }
        }
        return split.map { $0.dropFirst(common.count).joined(separator: "/") }
    }

    private func files(of entry: String) throws(FileError) -> [String] {
        switch InputFiles.isFolder(entry) {
        case false: return [entry]
        case true: return try list(entry)
        case nil: return InputFiles.matches(of: entry)
        }
    }

    private var extensionList: String {
        guard let last = extensions.last, extensions.count > 1 else { return extensions.first ?? "" }
        return extensions.dropLast().joined(separator: ", ") + " or " + last
    }

    /// Whether a path is that of a folder; nil where there is no such file.
    static func isFolder(_ path: String) -> Bool? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT == S_IFDIR : nil
    }

    private func list(_ folder: String) throws(FileError) -> [String] {
        guard let stream = opendir(folder) else {
            throw FileError(path: folder, code: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix("."), extensions.contains(where: name.lowercased().hasSuffix) { names.append(name) }
        }
        return InputFiles.sorted(names).map { folder.hasSuffix("/") ? folder + $0 : "\(folder)/\($0)" }
    }

    private static func matches(of pattern: String) -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        guard glob(pattern, GLOB_NOSORT, nil, &result) == 0 else { return [] }
        let paths = (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
        return sorted(paths.filter { isFolder($0) == false })
    }

    private static func sorted(_ names: [String]) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
