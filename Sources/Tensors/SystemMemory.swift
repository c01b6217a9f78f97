#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The memory that this process may use.
public enum SystemMemory {
    /// What the machine has, or what control groups, Slurm and ulimit leave of it.
    public static let limits = MemoryLimits(root: "", variable: { getenv($0).map { String(cString: $0) } })

    /// The most memory that this process can get, in bytes.
    public static let byteCount = min(limits.node.byteCount, limits.process.byteCount)

    /// Throws where something needs more memory than there is at all, so that a model that asks for the impossible ends
    /// with a message and is not killed by the kernel.
    ///
    /// - Parameter what: the subject of the sentence, as in `the activations of this stage`.
    public static func require(_ byteCount: Int, for what: String) throws(SystemMemoryError) {
        guard byteCount <= SystemMemory.byteCount else {
            let narrower = limits.node.byteCount <= limits.process.byteCount ? limits.node : limits.process
            throw SystemMemoryError(
                description: "\(what) would take \(byteCount >> 20) MiB, and \(narrower.origin) leaves "
                    + "\(SystemMemory.byteCount >> 20) MiB; use smaller microbatches, smaller inputs, or more ranks")
        }
    }
}

/// More memory is needed than there is.
public struct SystemMemoryError: Error, Sendable, CustomStringConvertible {
    public let description: String
}
