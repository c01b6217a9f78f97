internal import Synchronization
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The end of the process by a signal, in order: what is not published is taken away first.
///
/// A separate thread waits for the signal, since almost nothing may be done where it arrives. While results are being
/// published it waits for that, which is a matter of milliseconds.
public enum Interruption {
    private struct Entry: Sendable {
        let place: String
        let outer: OutputFolder?
    }

    private static let entries = Mutex<[ObjectIdentifier: Entry]>([:])
    /// Of the pipe from the place where signals arrive to the thread.
    private static let readEnd = Atomic<Int32>(-1)
    private static let writeEnd = Atomic<Int32>(-1)

    /// From now on, SIGTERM, SIGINT and SIGHUP end the process in order, with 128 and the signal's number as exit code;
    /// those that were ignored stay so. Once per process.
    ///
    /// - Parameter say: told the signal's name before the end.
    public static func prepare(say: @escaping @Sendable (String) -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        readEnd.store(ends[0], ordering: .sequentiallyConsistent)
        writeEnd.store(ends[1], ordering: .sequentiallyConsistent)
        speech.withLock { $0 = say }
        var thread = pthread_t()
        guard pthread_create(&thread, nil, { _ in Interruption.wait() }, nil) == 0 else { return }
        pthread_detach(thread)
        let ignored = ignoredSignals
        for number in [SIGTERM, SIGINT, SIGHUP] where ignored & (1 << (number - 1)) == 0 {
            signal(number) { Interruption.arrived($0) }
        }
    }

    private static let speech = Mutex<(@Sendable (String) -> Void)?>(nil)

    /// As a mask; what `nohup` and shells have set stays.
    private static var ignoredSignals: UInt64 {
        let line = SystemFile.text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
        return line.flatMap { UInt64($0.dropFirst("SigIgn:".count).drop(while: \.isWhitespace), radix: 16) } ?? 0
    }

    private static func arrived(_ number: Int32) {
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = Glibc.write(writeEnd.load(ordering: .relaxed), &byte, 1)
        errno = saved
    }

    private static func wait() -> Never {
        var byte: UInt8 = 0
        while read(readEnd.load(ordering: .relaxed), &byte, 1) != 1 {}
        let number = Int32(byte)
        entries.withLock { entries in
            for entry in entries.values {
                StagedFolder.clear(entry.place)
                entry.outer?.removeIfCreated()
            }
            let names = [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"]
            speech.withLock { $0?(names[number] ?? "signal \(number)") }
            // Within the lock: nobody publishes any more.
            _exit(128 + number)
        }
        _exit(128 + number)
    }

    // MARK: - What is to be taken away

    static func add(_ folder: StagedFolder, place: String, outer: OutputFolder?) {
        let entry = Entry(place: place, outer: outer)
        entries.withLock { $0[ObjectIdentifier(folder)] = entry }
    }

    /// - Parameter last: done before the process can end by a signal.
    static func remove(_ folder: StagedFolder, last: () -> Void) {
        entries.withLock {
            last()
            $0[ObjectIdentifier(folder)] = nil
        }
    }

    /// Does something that a signal does not break off. Of folders that are published then, nothing is taken away.
    static func whole(_ folders: [StagedFolder], _ body: () throws(FileError) -> Void) throws(FileError) {
        try entries.withLock { entries throws(FileError) in
            defer { for folder in folders where folder.isDone { entries[ObjectIdentifier(folder)] = nil } }
            try body()
        }
    }
}
