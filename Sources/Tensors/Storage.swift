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
    private let release: (@Sendable (UnsafeMutableRawPointer) -> Void)?

    /// Aligned memory, not initialised unless `zeroed`.
    public init(byteCount: Int, zeroed: Bool = false) {
        precondition(byteCount >= 0)
        // A little more than asked: an empty tensor has an address too.
        let capacity = max(byteCount, 1)
        guard
            let memory = aligned_alloc(Storage.alignment, (capacity + Storage.alignment - 1) & ~(Storage.alignment - 1))
        else { preconditionFailure("out of memory: \(byteCount) bytes wanted") }
        if zeroed { memset(memory, 0, capacity) }
        pointer = memory
        self.byteCount = byteCount
        release = nil
    }

    /// Memory of somebody else, valid until `release` is called with it.
    public init(
        borrowing pointer: UnsafeMutableRawPointer, byteCount: Int,
        release: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
    ) {
        self.pointer = pointer
        self.byteCount = byteCount
        self.release = release
    }

    deinit {
        if let release { release(pointer) } else { free(pointer) }
    }
}
