internal import CMPI

/// A group of ranks that exchange messages among themselves; a message is never received on another communicator.
///
/// Ranks, peers and roots count from 0 within the communicator. Errors are thrown as `MPIError`; nothing here ends the
/// job on its own.
public final class Communicator {
    let handle: CMPIComm
    /// This process's number in the group.
    public let rank: Int
    /// The number of ranks in the group.
    public let size: Int
    /// The largest count that is passed to one call; a larger message is sent with a derived datatype or in pieces.
    /// Tests lower it.
    let largestCount: Int32
    private let isOwned: Bool

    init(_ handle: CMPIComm, isOwned: Bool, largestCount: Int32) throws(MPIError) {
        var rank: Int32 = 0
        var size: Int32 = 0
        // This comes first: until then an error ends the job.
        try check(cmpi_comm_errors_return(handle), CallSite(call: "MPI_Comm_set_errhandler"))
        try check(cmpi_comm_rank(handle, &rank), CallSite(call: "MPI_Comm_rank"))
        try check(cmpi_comm_size(handle, &size), CallSite(call: "MPI_Comm_size"))
        self.handle = handle
        self.rank = Int(rank)
        self.size = Int(size)
        self.largestCount = largestCount
        self.isOwned = isOwned
    }

    deinit {
        // After MPI_Finalize there is nothing left to give back.
        guard isOwned, cmpi_is_running() != 0 else { return }
        var handle = handle
        _ = cmpi_comm_free(&handle)
    }

    /// The largest tag that a message may carry, at least 32,767.
    public var largestTag: Int { Int(cmpi_comm_tag_upper_bound(cmpi_comm_world())) }

    func site(_ call: StaticString, peer: Int? = nil, tag: Int? = nil) -> CallSite {
        CallSite(call: call, rank: rank, peer: peer, tag: tag)
    }
}

// MARK: - New groups

extension Communicator {
    /// Splits the group: ranks with the same colour form a group, ordered by `key` and then by their rank here.
    /// Collective.
    ///
    /// - Parameter color: not negative; nil to belong to no group.
    /// - Returns: this rank's new group, nil without a colour.
    public func split(color: Int?, key: Int = 0) throws(MPIError) -> Communicator? {
        let site = site("MPI_Comm_split")
        guard let part = Int32(exactly: color ?? -1), color ?? 0 >= 0, let key = Int32(exactly: key) else {
            throw site.error(.misuse("colour \(color ?? -1) and key \(key) must be 32-bit numbers, the colour from 0"))
        }
        var handle = cmpi_comm_world()
        try check(cmpi_comm_split(self.handle, part, key, &handle), site)
        guard cmpi_comm_is_null(handle) == 0 else { return nil }
        return try Communicator(handle, isOwned: true, largestCount: largestCount)
    }

    /// The same ranks in a group whose messages stay apart from this one's. Collective.
    public func duplicate() throws(MPIError) -> Communicator {
        try duplicate(largestCount: Int(largestCount))
    }

    /// As `duplicate()`, but messages of more than `largestCount` bytes or elements are treated like very large ones.
    package func duplicate(largestCount: Int) throws(MPIError) -> Communicator {
        var handle = cmpi_comm_world()
        try check(cmpi_comm_dup(self.handle, &handle), site("MPI_Comm_dup"))
        return try Communicator(handle, isOwned: true, largestCount: Int32(largestCount))
    }

    /// The ranks of this group that can share memory with this one, that is, those on the same node. Collective.
    public func nodeLocal() throws(MPIError) -> Communicator {
        var handle = cmpi_comm_world()
        try check(cmpi_comm_split_shared(self.handle, Int32(rank), &handle), site("MPI_Comm_split_type"))
        return try Communicator(handle, isOwned: true, largestCount: largestCount)
    }
}
