public import Tensors

/// A receive under way: only waiting returns its tensor.
///
/// It must be waited for (or given up) once: a dropped one traps in debug builds; in release builds it is given up.
///
/// Both sides must agree on the number of bytes. A shorter message is an error without further harm. A longer one is an
/// error after which the process should end: Open MPI 4.1 may have written past the end of the memory.
/// `Communicator.receive` checks the length first.
public struct PendingReceive: ~Copyable {
    private var request: Request
    private let tensor: Tensor

    init(request: consuming Request, tensor: consuming Tensor) {
        self.request = request
        self.tensor = tensor
    }

    /// Lets MPI work, and tells whether the receive is over; `wait()` then returns at once. Call it between kernels:
    /// large messages make no progress without it.
    public mutating func test() -> Bool { request.test() }

    /// Waits for the message.
    ///
    /// - Returns: the tensor asked for, or its first rows where fewer were allowed and sent.
    /// - Throws: `.messageTooLong`, `.messageTooShort` or `.messageTorn` where the message does not fit the type.
    public consuming func wait() throws(MPIError) -> Tensor {
        let received = try request.wait()
        return request.filled(tensor, received: received)
    }

    /// As `wait()`, but stops when `shouldStop` returns true; it is called about every 100 microseconds.
    /// - Throws: `.stopped` then. The receive is given up, and the job can only be aborted.
    public consuming func wait(unless shouldStop: () -> Bool) throws(MPIError) -> Tensor {
        let received = try request.wait(unless: shouldStop)
        return request.filled(tensor, received: received)
    }

    /// Gives the receive up, for a job that has failed.
    public consuming func abandon() { request.abandon() }
}
