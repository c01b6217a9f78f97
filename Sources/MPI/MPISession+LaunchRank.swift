#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension MPISession {
    /// This process's rank as the launcher wrote it into the environment, known before a session starts; 0 when the
    /// program was started without a launcher. Use it only to decide which process reports a wrong command line.
    public static var launchRank: Int {
        for name in ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MPI_LOCALRANKID", "SLURM_PROCID"] {
            if let value = getenv(name), let rank = Int(String(cString: value)) { return rank }
        }
        return 0
    }
}
