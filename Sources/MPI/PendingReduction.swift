public import Tensors

/// A reduction over all ranks under way: only waiting returns its tensor.
///
/// It must be waited for (or given up) once: a dropped one traps in debug builds; in release builds it is given up.
public struct PendingReduction: ~Copyable {
    private var request: Request
    private let tensor: Tensor

    init(request: consuming Request, tensor: consuming Tensor) {
        self.request = request
        self.tensor = tensor
    }

    /// Lets MPI work, and tells whether the reduction is over; `wait()` then returns at once. Call it often between
    /// kernels: Open MPI does nothing for it in the background.
    public mutating func test() -> Bool { request.test() }

    /// Waits for the tensor, which now has the reduced elements.
    public consuming func wait() throws(MPIError) -> Tensor {
        _ = try request.wait()
        return tensor
    }

    /// As `wait()`, but stops when `shouldStop` returns true; it is called about every 100 microseconds.
    /// - Throws: `.stopped` then, and the job can only be aborted.
    public consuming func wait(unless shouldStop: () -> Bool) throws(MPIError) -> Tensor {
        _ = try request.wait(unless: shouldStop)
        return tensor
    }

    /// Gives the reduction up, for a job that has failed.
    public consuming func abandon() { request.abandon() }
}
