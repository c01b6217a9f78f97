internal import CMPI
public import Tensors

extension Communicator {
    /// Returns when all ranks have called it.
    public func barrier() throws(MPIError) {
        try check(cmpi_barrier(handle), site("MPI_Barrier"))
    }

    /// Begins a barrier: this rank may do other things until all ranks have begun it.
    public func beginBarrier() throws(MPIError) -> PendingBarrier {
        var request = cmpi_request_null()
        try check(cmpi_ibarrier(handle, &request), site("MPI_Ibarrier"))
        return PendingBarrier(request: Request(request, site: site("MPI_Ibarrier"), storage: nil))
    }

    /// Fills the tensor of every rank with the root's elements. Collective; dtype and shape are the same everywhere.
    public func broadcast(_ tensor: Tensor, root: Int) throws(MPIError) {
        defer { withExtendedLifetime(tensor.storage) {} }
        try broadcast(UnsafeMutableRawBufferPointer(start: tensor.pointer, count: tensor.byteCount), root: root)
    }

    /// Copies the root's bytes, of any length, to every rank. Collective.
    ///
    /// - Parameter bytes: ignored on other ranks.
    public func broadcast(_ bytes: [UInt8], root: Int) throws(MPIError) -> [UInt8] {
        var length = [Int64(bytes.count)]
        try length.withMutableBytes { buffer throws(MPIError) in try broadcast(buffer, root: root) }
        var result = bytes
        if rank != root {
            return try [UInt8](count: Int(length[0])) { buffer throws(MPIError) in try broadcast(buffer, root: root) }
        }
        try result.withMutableBytes { buffer throws(MPIError) in try broadcast(buffer, root: root) }
        return result
    }

    private func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws(MPIError) {
        let layout = try layout(byteCount: bytes.count, "MPI_Bcast")
        try check(
            cmpi_bcast(bytes.baseAddress, layout.count, layout.datatype, wireRank(root), handle),
            site("MPI_Bcast", peer: root))
    }
}

/// A barrier under way. It must be waited for once; a dropped one traps in debug builds.
public struct PendingBarrier: ~Copyable {
    private var request: Request

    init(request: consuming Request) { self.request = request }

    /// Whether all ranks have begun the barrier; `wait()` then returns at once.
    public mutating func test() -> Bool { request.test() }

    public consuming func wait() throws(MPIError) { _ = try request.wait() }

    /// As `wait()`, but stops when `shouldStop` returns true; it is called about every 100 microseconds.
    /// - Throws: `.stopped` then, and the job can only be aborted.
    public consuming func wait(unless shouldStop: () -> Bool) throws(MPIError) {
        _ = try request.wait(unless: shouldStop)
    }

    /// Gives the barrier up, for a job that has failed.
    public consuming func abandon() { request.abandon() }
}
