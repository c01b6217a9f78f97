internal import CKernels
internal import COpenBLAS

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The instructions that kernels use, chosen for the CPU when the first of them runs.
public enum InstructionSet {
    /// `portable`, `avx2` or `avx512`.
    public static var current: String { String(cString: mpk_cpu_level_name(mpk_cpu_level())) }

    /// - Throws: where the environment variable `MPINFER_CPU` asks for others than this CPU can be given.
    public static func requireAsAsked() throws(KernelError) {
        guard let value = getenv("MPINFER_CPU") else { return }
        let wanted = String(cString: value)
        let current = current
        guard wanted == current else {
            throw KernelError(
                "MPINFER_CPU is '\(wanted)', and this CPU can have portable to "
                    + "\(String(cString: mpk_cpu_level_name(mpk_cpu_best_level()))): change it or unset it")
        }
    }

    /// What the bits of a rank's results depend on.
    public struct Choice: Sendable, Hashable, Codable {
        /// As `current`.
        public let kernels: String
        /// The kind of CPU that OpenBLAS computes for, by its own name: `Zen`, `SkylakeX`.
        public let openBLAS: String

        public init(kernels: String, openBLAS: String) {
            self.kernels = kernels
            self.openBLAS = openBLAS
        }
    }

    /// That of this process.
    public static var choice: Choice {
        Choice(kernels: current, openBLAS: openblas_get_corename().map { String(cString: $0) } ?? "unknown")
    }
}
