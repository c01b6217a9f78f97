/// What a launcher has written into the environment about the job that a process is to be a rank of.
///
/// Where the MPI library does not understand the launcher, N processes start and each of them is a complete job: rank 0
/// of 1, without an error, on the same files. So what the launcher says is compared with what MPI says.
struct LaunchClaim: Equatable {
    /// The launcher, as a user knows it.
    let launcher: String
    /// Processes that it has started as one job; nil where it says only that there are several.
    let processCount: Int?
    let hints: Hints

    enum Hints: Equatable { case openMPI, hydra, slurm, other }

    /// The variable by which a user says that several jobs of one rank each are intended.
    static let permission = "MPINFER_SINGLE_RANKS"

    /// The claim of several processes; nil where there is one process, or no launcher says anything.
    ///
    /// The launcher that started the process directly counts: `mpirun` in an allocation, also where it starts its
    /// daemons by `srun`, sets how many processes it has started, whatever variables other launchers have set.
    ///
    /// - Parameter value: of an environment variable; nil where it is not set.
    init?(_ value: (String) -> String?) {
        func number(_ name: String) -> Int? { value(name).flatMap { Int($0) } }
        if value(LaunchClaim.permission) == "1" { return nil }
        let claim: (launcher: String, count: Int?, hints: Hints)?
        if let count = number("OMPI_COMM_WORLD_SIZE") {
            claim = ("the mpirun of an Open MPI", count, .openMPI)
        } else if let count = number("PMI_SIZE") {
            claim = (
                value("SLURM_STEP_ID") != nil && value("PMI_FD") == nil && value("PMI_PORT") == nil
                    ? "srun" : "the mpiexec of MPICH, Intel MPI or another MPI", count, .hydra
            )
        } else if let count = number("MPI_LOCALNRANKS"), number("MPI_LOCALRANKID") != nil {
            claim = ("the mpiexec of MPICH, Intel MPI or another MPI", count, .hydra)
        } else if let count = number("MV2_COMM_WORLD_SIZE") {
            claim = ("the launcher of MVAPICH", count, .other)
        } else if value("SLURM_PROCID") != nil, let count = number("SLURM_STEP_NUM_TASKS"),
            value("PMIX_RANK") != nil || LaunchClaim.isTask(value)
        {
            claim = ("srun", count, .slurm)
        } else if let rank = number("PMIX_RANK") ?? number("PMI_RANK"), rank > 0 {
            claim = ("a launcher that speaks PMIx or PMI", nil, .other)
        } else {
            claim = nil
        }
        guard let claim, claim.count ?? 2 > 1 else { return nil }
        launcher = claim.launcher
        processCount = claim.count
        hints = claim.hints
    }

    /// Whether `srun` itself has started this process, as one of its tasks: the batch script and an interactive shell
    /// of an allocation are not such tasks.
    private static func isTask(_ value: (String) -> String?) -> Bool {
        guard let step = value("SLURM_STEP_ID") ?? value("SLURM_STEPID"), let number = UInt32(step) else {
            return false
        }
        // Steps of the batch script, of interactive shells and of external processes have numbers at the end of the
        // range.
        return number < 0xFFFF_FFF0
    }

    /// Why a job must not begin.
    ///
    /// - Parameter library: the MPI library's name for itself.
    func complaint(library: String) -> String {
        let many = processCount.map { "\($0) processes" } ?? "several processes"
        let count = processCount.map(String.init) ?? "N"
        let isOpenMPI = library.hasPrefix("Open MPI")
        let plain = isOpenMPI ? "'mpirun -np \(count) mpinfer ...'" : "'mpiexec -n \(count) mpinfer ...'"
        let own = "with the \(isOpenMPI ? "mpirun" : "mpiexec") that belongs to it: \(plain)"
        let slurm = "'srun --mpi=\(isOpenMPI ? "pmix" : "pmi2") -n \(count) mpinfer ...'"
        let remedy =
            switch hints {
            case .slurm: "start it with: \(slurm) ('srun --mpi=list' shows what this Slurm has), or \(own)"
            case .openMPI, .hydra, .other: "start it \(own), or under Slurm with: \(slurm)"
            }
        return
            "\(launcher) has started \(many), and in this one MPI knows of no other: each would do the whole job over "
            + "the same files. mpinfer is linked with \(LaunchClaim.short(library)); \(remedy). If jobs of one rank each "
            + "are meant, set \(LaunchClaim.permission)=1"
    }

    /// `Open MPI v4.1.4, package: ...` becomes `Open MPI v4.1.4`.
    private static func short(_ library: String) -> String { String(library.prefix { $0 != "," && $0 != "\t" }) }
}
