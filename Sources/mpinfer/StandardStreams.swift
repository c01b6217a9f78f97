internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Writing to the terminal or wherever the streams lead.
enum StandardStreams {
    /// Results. A reader that has gone away is no failure of ours.
    ///
    /// - Throws: where they cannot be written, as to a disk that is full.
    static func output(_ text: String) throws(FileError) {
        guard write(text + "\n", to: STDOUT_FILENO) || errno == EPIPE else {
            let reason = String(cString: strerror(errno))
            throw FileError(
                path: "standard output", offset: nil, reason: "the results cannot be written there: \(reason)")
        }
    }

    /// Everything that is not a result. Where it cannot be written, there is nowhere to say so.
    static func error(_ text: String) { _ = write(text, to: STDERR_FILENO) }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// - Returns: whether all was written; where not, `errno` says why.
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN {
                // Somebody who has the same terminal or pipe has made it one that does not wait.
                var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&stream, 1, -1)
                continue
            }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }
}
