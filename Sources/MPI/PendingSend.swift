/// A send under way, which keeps the memory it reads from alive.
///
/// It must be waited for (or given up) once: a dropped one traps in debug builds; in release builds it is given up.
public struct PendingSend: ~Copyable {
    private var request: Request

    init(request: consuming Request) { self.request = request }

    /// Lets MPI work, and says whether the send is over; `wait()` then comes back at once. Call it between kernels:
    /// large messages make no progress by themselves.
    public mutating func test() -> Bool { request.test() }

    /// Waits until the tensor may be written again; that it was received is not said.
    public consuming func wait() throws(MPIError) { _ = try request.wait() }

    /// As `wait()`, unless `shouldStop` says so first; it is asked about every 100 microseconds.
    /// - Throws: `.stopped` then. The send is given up, and the job can only be aborted.
    public consuming func wait(unless shouldStop: () -> Bool) throws(MPIError) {
        _ = try request.wait(unless: shouldStop)
    }

    /// Gives the send up, for a job that has failed: the message may or may not arrive.
    public consuming func abandon() { request.abandon() }
}
