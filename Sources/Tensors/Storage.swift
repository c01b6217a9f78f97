#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A block of bytes that tensors live in: aligned heap memory, or memory that something else owns (an MPI window, a
/// file mapping) and gives back when the last tensor is gone.
///
/// Whoever creates a storage may write it until they hand it out; from then on it is read only. That convention, and
/// not a lock, is what makes it `Sendable`.
public final class Storage: @unchecked Sendable {
    /// Cache line and widest vector of today's CPUs, in bytes.
    public static let alignment = 64

    public let pointer: UnsafeMutableRawPointer  // [byteCount]
    public let byteCount: Int
    private let origin: Origin

    private enum Origin {
        case heap
        /// Pages of its own, of this many bytes.
        case pages(Int)
        case borrowed(@Sendable (UnsafeMutableRawPointer) -> Void)
    }

    /// From this size on a block gets pages of its own, which go back to the system at once when it is freed. The heap
    /// would keep them: a weight that was unpacked for a moment would count as this rank's memory for the rest of the job.
    private static let pageThreshold = 1 << 18

    /// Aligned memory, not initialised unless `zeroed`.
    public init(byteCount: Int, zeroed: Bool = false) {
        precondition(byteCount >= 0)
        self.byteCount = byteCount
        if byteCount >= Storage.pageThreshold {
            let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            guard let memory, memory != MAP_FAILED else { Storage.reportExhaustion(byteCount) }
            pointer = memory
            origin = .pages(byteCount)
        } else {
            // At least one line: an empty tensor has an address too.
            let capacity = max((byteCount + Storage.alignment - 1) & ~(Storage.alignment - 1), Storage.alignment)
            guard let memory = aligned_alloc(Storage.alignment, capacity) else { Storage.reportExhaustion(byteCount) }
            if zeroed { memset(memory, 0, capacity) }
            pointer = memory
            origin = .heap
        }
    }

    /// The process cannot continue: says what happened, in a line that a log of many ranks shows, and ends the process.
    private static func reportExhaustion(_ byteCount: Int) -> Never {
        let text =
            "mpinfer: error: out of memory: \(byteCount) bytes were wanted at once; use more ranks, fewer ranks "
            + "per node, or smaller microbatches\n"
        _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        _exit(1)
    }

    /// Has the system give all pages now, so that nothing waits for them later. Contents stay.
    public func populate() {
        guard case .pages(let byteCount) = origin else { return }
        let populateForWriting: Int32 = 23  // MADV_POPULATE_WRITE, Linux 5.14
        if madvise(pointer, byteCount, populateForWriting) == 0 { return }
        let page = sysconf(Int32(_SC_PAGESIZE))
        for offset in stride(from: 0, to: byteCount, by: page) {
            let byte = pointer.load(fromByteOffset: offset, as: UInt8.self)
            pointer.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        }
    }

    /// Memory that something else owns, valid until `release` is called with it.
    public init(
        borrowing pointer: UnsafeMutableRawPointer, byteCount: Int,
        release: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
    ) {
        self.pointer = pointer
        self.byteCount = byteCount
        origin = .borrowed(release)
    }

    deinit {
        switch origin {
        case .heap: free(pointer)
        case .pages(let byteCount): munmap(pointer, byteCount)
        case .borrowed(let release): release(pointer)
        }
    }
}
