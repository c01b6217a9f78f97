/// A send under way, which keeps the memory it reads from alive.
///
/// It must be waited for (or given up) once: a dropped one traps in debug builds; in release builds it is given up.
public struct PendingSend: ~Copyable {
    private var request: Request

    init(request: consuming Request) { self.request = request }

    /// Lets MPI work, and tells whether the send is over; `wait()` then returns at once. Call it between kernels: large
    /// messages make no progress without it.
    public mutating func test() -> Bool { request.test() }

    /// Waits until the tensor may be written again; this does not mean that it was received.
    public consuming func wait() throws(MPIError) { _ = try request.wait() }

    /// As `wait()`, but stops when `shouldStop` returns true; it is called about every 100 microseconds.
    /// - Throws: `.stopped` then. The send is given up, and the job can only be aborted.
    public consuming func wait(unless shouldStop: () -> Bool) throws(MPIError) {
        _ = try request.wait(unless: shouldStop)
    }

    /// Gives the send up, for a job that has failed: the message may or may not arrive.
    public consuming func abandon() { request.abandon() }
}
