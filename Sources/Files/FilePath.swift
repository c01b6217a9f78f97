internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A path taken apart as the system takes it apart.
struct FilePath {
    let text: String

    init(_ text: String) { self.text = text }

    /// Of the folder that the last component lies in.
    var folder: String {
        let trimmed = trimmed
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The last component.
    var name: String {
        let trimmed = trimmed
        return trimmed.lastIndex(of: "/").map { String(trimmed[trimmed.index(after: $0)...]) } ?? trimmed
    }

    /// Without slashes at the end.
    private var trimmed: String {
        var text = text[...]
        while text.count > 1, text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }

    /// The absolute path without links, of something that is there.
    static func resolved(_ path: String) throws(FileError) -> String {
        guard let resolved = realpath(path, nil) else { throw .system(path, "") }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Where a symbolic link leads in the end, whether or not there is something.
    static func followed(_ path: String) throws(FileError) -> String {
        var current = path
        for _ in 0..<40 {
            guard FileStatus(current, followsLinks: false)?.kind == .link else { return current }
            var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = FileDescriptor.readLink(current, into: &buffer)
            guard count > 0 else { throw .system(path, "a symbolic link cannot be followed: ") }
            let target = String(decoding: buffer[..<count], as: UTF8.self)
            current = target.hasPrefix("/") ? target : "\(FilePath(current).folder)/\(target)"
        }
        throw FileError(path: path, offset: nil, reason: "too many symbolic links behind each other")
    }
}
