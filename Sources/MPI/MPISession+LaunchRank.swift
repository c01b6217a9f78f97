#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension MPISession {
    /// This process's rank as the launcher wrote it into the environment, known before a session starts; 0 when the
    /// program was started by itself. Good for deciding who talks about a wrong command line, for nothing else.
    public static var launchRank: Int {
        for name in ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MPI_LOCALRANKID", "SLURM_PROCID"] {
            if let value = getenv(name), let rank = Int(String(cString: value)) { return rank }
        }
        return 0
    }
}
