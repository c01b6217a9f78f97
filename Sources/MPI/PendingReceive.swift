public import Tensors

/// A receive under way: its tensor can be had only by waiting.
///
/// It must be waited for (or given up) once: a dropped one traps in debug builds; in release builds it is given up.
///
/// Both sides must agree on the number of bytes. A shorter message is an error and no more. A longer one is an error
/// after which the process should end: Open MPI 4.1 may have written past the end of the memory, see
/// `Communicator.receive`, which looks first.
public struct PendingReceive: ~Copyable {
    private var request: Request
    private let tensor: Tensor

    init(request: consuming Request, tensor: consuming Tensor) {
        self.request = request
        self.tensor = tensor
    }

    /// Lets MPI work, and says whether the receive is over; `wait()` then comes back at once. Call it between kernels:
    /// large messages make no progress by themselves.
    public mutating func test() -> Bool { request.test() }

    /// Waits for the message.
    ///
    /// - Returns: the tensor asked for, or its first rows where fewer were allowed and sent.
    /// - Throws: `.messageTooLong`, `.messageTooShort` or `.messageTorn` where the message does not fit the type.
    public consuming func wait() throws(MPIError) -> Tensor {
        let received = try request.wait()
        return request.filled(tensor, received: received)
    }

    /// As `wait()`, unless `shouldStop` says so first; it is asked about every 100 microseconds.
    /// - Throws: `.stopped` then. The receive is given up, and the job can only be aborted.
    public consuming func wait(unless shouldStop: () -> Bool) throws(MPIError) -> Tensor {
        let received = try request.wait(unless: shouldStop)
        return request.filled(tensor, received: received)
    }

    /// Gives the receive up, for a job that has failed.
    public consuming func abandon() { request.abandon() }
}
