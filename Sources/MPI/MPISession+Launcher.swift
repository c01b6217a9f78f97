#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension MPISession {
    /// What started this process as one rank of a job.
    public enum Launcher: String, Sendable {
        /// Open MPI's `mpirun` or `mpiexec`.
        case openMPI
        /// `srun`, through its PMIx or PMI plug-in.
        case slurm
        /// Another launcher that uses PMIx or PMI (Hydra, PRRTE, ...).
        case processManager
    }

    /// What the launcher says about several processes, read at the same time as `launcher` and for the same reason.
    static let claim = LaunchClaim { getenv($0).map { String(cString: $0) } }

    /// The launcher; nil when the program was started without a launcher and is, or will be, a job of one rank.
    ///
    /// Read from the environment, so that it is known before a session starts; and only once, because Open MPI sets the
    /// variables of a launcher in a program that has none.
    public static let launcher: Launcher? = {
        if getenv("OMPI_COMM_WORLD_SIZE") != nil { return .openMPI }
        guard getenv("PMIX_RANK") != nil || getenv("PMI_RANK") != nil else { return nil }
        return getenv("SLURM_STEP_ID") != nil && getenv("SLURM_PROCID") != nil ? .slurm : .processManager
    }()
}
