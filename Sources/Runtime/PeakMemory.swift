#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The process's highest resident memory so far.
public enum PeakMemory {
    /// In bytes; 0 where the system does not tell.
    public static var byteCount: Int {
        var usage = rusage()
        // Linux counts in KiB.
        return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? usage.ru_maxrss * 1024 : 0
    }
}
