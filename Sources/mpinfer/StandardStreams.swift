internal import Files
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Writing to the terminal or wherever the streams lead.
enum StandardStreams {
    /// Results. A reader that has gone away is no failure of this program.
    ///
    /// - Throws: where they cannot be written, as to a disk that is full.
    static func output(_ text: String) throws(FileError) {
        guard StandardStream.output.write(text + "\n") || errno == EPIPE else {
            let reason = String(cString: strerror(errno))
            throw FileError(
                path: "standard output", offset: nil, reason: "the results cannot be written there: \(reason)")
        }
    }

    /// Everything that is not a result. Where it cannot be written, there is nowhere to report it.
    static func error(_ text: String) { _ = StandardStream.error.write(text) }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
