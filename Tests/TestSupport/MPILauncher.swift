import Synchronization

/// Starts an executable of this package as the ranks of an MPI job on this machine.
public enum MPILauncher {
    /// One job at a time: test suites run side by side, and the cores are few.
    private static let turn = Mutex(())

    /// Runs a job to its end.
    ///
    /// The ranks may outnumber the cores. mpirun ends all ranks at once when one fails.
    ///
    /// - Parameters:
    ///   - executable: the name of one of this package's executables, or a path.
    ///   - environment: set for mpirun and the ranks, besides what this process has; nil takes a variable away.
    ///   - launcherArguments: options of mpirun besides the usual ones.
    ///   - timeout: seconds until the job is killed, counted from its start.
    public static func run(
        executable: String, ranks: Int, arguments: [String] = [], environment: [String: String?] = [:],
        launcherArguments: [String] = [], directory: String? = nil, timeout: Double = 60
    ) throws -> ProcessRun {
        let path = executable.contains("/") ? executable : try BuiltExecutable.path(executable)
        let options = ["--oversubscribe", "-np", String(ranks)] + launcherArguments
        return try turn.withLock { _ in
            try ProcessRun.run(
                "mpirun", options + [path] + arguments,
                environment: jobEnvironment.merging(environment) { $1 }, directory: directory, timeout: timeout)
        }
    }

    /// Runs an executable without a launcher: a job of one rank.
    public static func runAlone(
        executable: String, arguments: [String] = [], environment: [String: String?] = [:], directory: String? = nil,
        timeout: Double = 60
    ) throws -> ProcessRun {
        let path = executable.contains("/") ? executable : try BuiltExecutable.path(executable)
        return try turn.withLock { _ in
            try ProcessRun.run(
                path, arguments, environment: jobEnvironment.merging(environment) { $1 }, directory: directory,
                timeout: timeout)
        }
    }

    /// What Open MPI needs on a machine for tests, which is often a container: it may be run by root, ranks that wait
    /// give up their core, the others of a failed job are killed without a pause, and BLAS has one thread per rank.
    private static let jobEnvironment: [String: String?] = [
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_mpi_yield_when_idle": "1",
        "OMPI_MCA_odls_base_sigkill_timeout": "0",
        "OMPI_MCA_btl_base_warn_component_unused": "0",
        "OPENBLAS_NUM_THREADS": "1",
        // What other runs measured must not affect a test.
        "MPINFER_CACHE": "/nonexistent/mpinfer",
    ]
}
