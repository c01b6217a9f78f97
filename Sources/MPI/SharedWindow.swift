internal import CMPI
internal import Synchronization
public import Tensors

/// Memory that the ranks of one node share: each brings a segment, and all see all segments.
///
/// Made and freed by all ranks together. A window that is not freed lasts until MPI is finalized.
public final class SharedWindow {
    /// The size of each rank's segment.
    public let byteCounts: [Int]
    private let communicator: Communicator
    private var window: CMPIWin
    private var isFreed = false
    private let living = LivingCount()

    /// Allocates the segments, not initialised. Collective.
    ///
    /// - Parameters:
    ///   - byteCount: of this rank's segment; may differ from rank to rank, and be 0.
    ///   - communicator: of ranks on one node, see `Communicator.nodeLocal()`.
    /// - Throws: also where the node's shared memory (`/dev/shm`) is too small.
    public init(byteCount: Int, on communicator: Communicator) throws(MPIError) {
        byteCounts = try communicator.allGather([Int64(byteCount)]).map { Int($0) }
        self.communicator = communicator
        // Open MPI starts the first segment after a header of its own, so the storage starts at the next full cache
        // line. Mappings start at a page boundary in every process, so all find the same line.
        let padded = byteCount + Storage.alignment
        var base: UnsafeMutableRawPointer?
        window = CMPIWin()
        try check(
            cmpi_win_allocate_shared(MPI_Aint(padded), communicator.handle, &base, &window),
            communicator.site("MPI_Win_allocate_shared"))
        // One access epoch for the whole life of the window: plain loads and stores, ordered by `synchronize()`.
        try check(cmpi_win_lock_all(window), communicator.site("MPI_Win_lock_all"))
    }

    /// A rank's segment as memory for tensors. It must be released before `free()`.
    public func storage(ofRank rank: Int) throws(MPIError) -> Storage {
        precondition(!isFreed, "the window is freed")
        let site = communicator.site("MPI_Win_shared_query", peer: rank)
        guard byteCounts.indices.contains(rank) else {
            throw site.error(.misuse("the window has segments of ranks 0 to \(byteCounts.count - 1)"))
        }
        var base: UnsafeMutableRawPointer?
        var size: MPI_Aint = 0
        try check(cmpi_win_shared_query(window, Int32(rank), &size, &base), site)
        guard let base else { throw site.error(.misuse("MPI gives no address for the segment")) }
        living.increment()
        return Storage(borrowing: base.alignedUp(toMultipleOf: Storage.alignment), byteCount: byteCounts[rank]) {
            [living] _ in living.decrement()
        }
    }

    /// After it, every rank sees what every rank has written before it. Collective.
    public func synchronize() throws(MPIError) {
        precondition(!isFreed, "the window is freed")
        try check(cmpi_win_sync(window), communicator.site("MPI_Win_sync"))
        try communicator.barrier()
        try check(cmpi_win_sync(window), communicator.site("MPI_Win_sync"))
    }

    /// Frees the memory. Collective.
    ///
    /// - Precondition: no tensor on this rank uses a segment of it any more.
    public func free() throws(MPIError) {
        precondition(!isFreed, "the window is freed")
        precondition(living.value == 0, "\(living.value) storages still lie in the shared window")
        isFreed = true
        try check(cmpi_win_unlock_all(window), communicator.site("MPI_Win_unlock_all"))
        try check(cmpi_win_free(&window), communicator.site("MPI_Win_free"))
    }
}

/// How many storages use the memory of a window; they may be released on any thread.
private final class LivingCount: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .acquiring) }
    func increment() { count.add(1, ordering: .relaxed) }
    func decrement() { count.subtract(1, ordering: .releasing) }
}
