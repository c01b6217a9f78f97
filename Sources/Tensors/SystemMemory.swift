#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The memory of the machine that this process runs on.
public enum SystemMemory {
    /// Installed memory in bytes.
    public static let byteCount: Int = {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let pageSize = sysconf(Int32(_SC_PAGESIZE))
        return pages > 0 && pageSize > 0 ? pages * pageSize : Int.max
    }()

    /// Throws where something wants more memory than there is at all, so that a model that asks for the impossible ends
    /// in a sentence and not in the hands of the kernel's memory killer.
    ///
    /// - Parameter what: the subject of the sentence, as in `the activations of this stage`.
    public static func require(_ byteCount: Int, for what: String) throws(SystemMemoryError) {
        guard byteCount <= SystemMemory.byteCount else {
            throw SystemMemoryError(
                description: "\(what) would take \(byteCount >> 20) MiB, and this machine has "
                    + "\(SystemMemory.byteCount >> 20) MiB; use smaller microbatches, smaller inputs, or more ranks")
        }
    }
}

/// More memory is wanted than the machine has.
public struct SystemMemoryError: Error, Sendable, CustomStringConvertible {
    public let description: String
}
