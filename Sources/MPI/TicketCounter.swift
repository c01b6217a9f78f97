internal import CMPI

/// A counter that the ranks of a communicator share: each call gets the next number, whichever rank makes it. It needs
/// no rank of its own.
///
/// It lies on rank 0. Where all ranks share a node, it is a number in shared memory that is incremented by an atomic
/// instruction: no rank has to be inside MPI. Across nodes it is incremented by MPI's one-sided `MPI_Fetch_and_op`, for
/// which some networks need rank 0 to call MPI from time to time (docs/scheduling.md has measured times).
public final class TicketCounter {
    private let communicator: Communicator
    private var window: CMPIWin
    /// Where the counter can be incremented without MPI; nil across nodes.
    private let shared: UnsafeMutablePointer<Int64>?
    private var isFreed = false

    /// Whether the counter is in memory that all ranks share.
    public var isShared: Bool { shared != nil }

    /// A counter, or nil where MPI cannot provide one: Open MPI as Debian 12 configures it has no one-sided
    /// communication between nodes that are connected by TCP only (findings/debian-openmpi-no-windows-over-tcp.sh).
    /// Collective.
    public static func ifPossible(on communicator: Communicator) throws(MPIError) -> TicketCounter? {
        let node = try communicator.nodeLocal()
        let isOneNode = try communicator.allGather([Int64(node.size)]).allSatisfy { $0 == communicator.size }
        guard !isOneNode else { return try TicketCounter(on: communicator, usesSharedMemory: true) }
        var window = CMPIWin()
        var base: UnsafeMutableRawPointer?
        let isMade = cmpi_win_allocate(64, communicator.handle, &base, &window) == cmpi_success()
        // All ranks have the counter, or none.
        guard try communicator.allGather([Int64(isMade ? 1 : 0)]).allSatisfy({ $0 == 1 }) else { return nil }
        try check(cmpi_win_free(&window), communicator.site("MPI_Win_free"))
        return try TicketCounter(on: communicator, usesSharedMemory: false)
    }

    /// - Precondition: where the counter is in shared memory, all ranks are on one node.
    package init(on communicator: Communicator, usesSharedMemory: Bool) throws(MPIError) {
        self.communicator = communicator
        let byteCount = communicator.rank == 0 ? MPI_Aint(64) : 0
        var base: UnsafeMutableRawPointer?
        window = CMPIWin()
        if usesSharedMemory {
            try check(
                cmpi_win_allocate_shared(byteCount, communicator.handle, &base, &window),
                communicator.site("MPI_Win_allocate_shared"))
            var size: MPI_Aint = 0
            let site = communicator.site("MPI_Win_shared_query", peer: 0)
            try check(cmpi_win_shared_query(window, 0, &size, &base), site)
            guard let base else { throw site.error(.misuse("MPI gives no address for the segment")) }
            shared = base.assumingMemoryBound(to: Int64.self)
        } else {
            try check(
                cmpi_win_allocate(byteCount, communicator.handle, &base, &window),
                communicator.site("MPI_Win_allocate"))
            shared = nil
        }
        if communicator.rank == 0 { base?.storeBytes(of: 0, as: Int64.self) }
        try check(cmpi_win_lock_all(window), communicator.site("MPI_Win_lock_all"))
        try check(cmpi_win_sync(window), communicator.site("MPI_Win_sync"))
        try communicator.barrier()
        try check(cmpi_win_sync(window), communicator.site("MPI_Win_sync"))
    }

    /// The next number, from 0; each is given once.
    public func take() throws(MPIError) -> Int {
        precondition(!isFreed, "the counter is freed")
        if let shared { return Int(cmpi_atomic_take(shared)) }
        var taken: Int64 = 0
        try check(cmpi_fetch_and_increment(window, &taken), communicator.site("MPI_Fetch_and_op", peer: 0))
        return Int(taken)
    }

    /// Frees the memory. Collective.
    public func free() throws(MPIError) {
        precondition(!isFreed, "the counter is freed")
        isFreed = true
        try check(cmpi_win_unlock_all(window), communicator.site("MPI_Win_unlock_all"))
        try check(cmpi_win_free(&window), communicator.site("MPI_Win_free"))
    }
}
