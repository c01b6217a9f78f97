internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The folder that outputs go to, made when missing; and taken away again when nothing came of it.
struct OutputFolder {
    let path: String
    /// Outermost first.
    private var created: [String] = []

    init(_ path: String) throws(FileError) {
        self.path = path
        var current = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            current += (current.isEmpty || current.hasSuffix("/") ? "" : "/") + component
            if mkdir(current, 0o777) == 0 {
                created.append(current)
            } else if errno != EEXIST {
                // A folder above may be there and not be ours to write, so what counts is whether this one is there.
                let reason = String(cString: strerror(errno))
                var status = stat()
                guard stat(current, &status) == 0 else {
                    removeIfCreated()
                    throw FileError(path: current, offset: nil, reason: "the folder cannot be made: \(reason)")
                }
            }
        }
    }

    /// Removes what `init` made, as far as it is empty.
    func removeIfCreated() {
        for path in created.reversed() { rmdir(path) }
    }
}
