internal import CMPI

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// One process's part in an MPI job, from `MPI_Init_thread` to `MPI_Finalize`.
///
/// A program that was started without a launcher is a job of one rank. Neither a session nor anything obtained from it
/// is `Sendable`: with the usual thread level, all of it stays on the thread that started the session.
public final class MPISession {
    /// All ranks of the job.
    public let world: Communicator
    /// What this MPI allows; at least what was asked for.
    public let threadLevel: ThreadLevel

    private init(world: Communicator, threadLevel: ThreadLevel) {
        self.world = world
        self.threadLevel = threadLevel
    }

    /// Joins the job. Once per process: MPI cannot be started again, not even after `finalize()`.
    ///
    /// - Throws: where MPI was started before, cannot start, or allows less than `required`; and where a launcher has
    ///   started several processes as one job, and MPI does not know of it.
    public static func start(requiring required: ThreadLevel = .funneled) throws(MPIError) -> MPISession {
        let site = CallSite(call: "MPI_Init_thread")
        guard cmpi_was_initialized() == 0 else {
            throw site.error(.misuse("MPI was started before in this process"))
        }
        _ = launcher
        let claim = claim
        var level: Int32 = 0
        try check(cmpi_init_thread(Int32(required.rawValue), &level), site)
        let provided = ThreadLevel(rawValue: Int(level)) ?? .single
        guard provided >= required else {
            MPI_Finalize()
            throw site.error(.threadLevel(wanted: required, provided: provided))
        }
        // Calls on no communicator in particular report to MPI_COMM_SELF in MPI 4, to MPI_COMM_WORLD before.
        try check(cmpi_comm_errors_return(cmpi_comm_self()), CallSite(call: "MPI_Comm_set_errhandler"))
        let world = try Communicator(cmpi_comm_world(), isOwned: false, largestCount: .max)
        if let claim, world.size == 1 {
            MPI_Finalize()
            throw site.error(.notOneJob(claim.complaint(library: libraryVersion)))
        }
        return MPISession(world: world, threadLevel: provided)
    }

    /// Leaves the job, on all ranks together. Nothing of this session may be used afterwards.
    ///
    /// It blocks while messages of this rank are under way; after a failure use `abort(code:)`.
    public func finalize() throws(MPIError) {
        try check(MPI_Finalize(), CallSite(call: "MPI_Finalize", rank: world.rank))
    }

    /// Ends the processes of all ranks, with this exit code where the launcher passes it on.
    public func abort(code: Int) -> Never {
        _ = cmpi_abort(Int32(truncatingIfNeeded: code))
        // MPI_Abort does not return; the compiler cannot know that.
        _exit(Int32(truncatingIfNeeded: code))
    }

    /// Seconds since some moment in the past that stays the same for this process; differs from rank to rank.
    public static var wallClock: Double { MPI_Wtime() }

    /// The MPI library's name and version as it reports them, in one line.
    public static var libraryVersion: String {
        let text = text(capacity: cmpi_max_library_version_string()) { MPI_Get_library_version($0, $1) }
        return String(text.prefix { $0 != "\n" && $0 != "\0" })
    }

    /// The host's name according to MPI.
    public static var processorName: String {
        MPISession.text(capacity: cmpi_max_processor_name()) { MPI_Get_processor_name($0, $1) }
    }

    private static func text(
        capacity: Int32, _ fill: (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int32>) -> Int32
    ) -> String {
        String(unsafeUninitializedCapacity: Int(capacity) + 1) { buffer in
            var length: Int32 = 0
            let code = buffer.withMemoryRebound(to: CChar.self) { fill($0.baseAddress, &length) }
            return code == cmpi_success() ? Int(length) : 0
        }
    }
}
