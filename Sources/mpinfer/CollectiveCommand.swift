internal import MPI

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What commands that all ranks carry out together have in common.
enum CollectiveCommand {
    /// Starts MPI, does the work, ends MPI. What goes wrong is said once, on rank 0, and ends all ranks with code 1.
    static func run(_ body: (Communicator) throws -> Void) throws {
        let session = try MPISession.start()
        do {
            try body(session.world)
            try session.finalize()
        } catch {
            if session.world.rank == 0 { StandardStreams.error("mpinfer: error: \(error)\n") }
            leave(session)
        }
    }

    /// Ends this rank after a failure that all ranks know of. MPI may be in any state: it gets a few seconds to end in
    /// order, and then the process ends without it.
    private static func leave(_ session: MPISession) -> Never {
        signal(SIGALRM) { _ in _exit(1) }
        alarm(5)
        try? session.finalize()
        _exit(1)
    }
}
