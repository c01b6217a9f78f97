internal import CMPI
public import Tensors

/// A fixed number of places for transfers under way, for one that has many at a time and knows each by its number.
///
/// A slot is idle, outstanding, or complete until it is waited for. Posting, poking and waiting allocate nothing,
/// except the memory of a tensor that is received without memory given. A received tensor comes out of
/// `wait(receive:)` and from nowhere else. Slots must be idle when they go away: others trap in debug builds, and
/// are given up in release builds.
public struct TransferSlots: ~Copyable {
    struct Slot {
        var content = Content.none
        var isComplete = false
        var code = cmpi_success()
        var site = CallSite(call: "")
        /// Kept alive for MPI; a send lets go of it as soon as it is complete.
        var tensor: Tensor?
        var expectation = Expectation(byteCount: 0, rowByteCount: nil)
        var received = 0
    }

    enum Content { case none, send, receive }

    /// How many slots there are, numbered from 0.
    public let capacity: Int
    /// How many transfers are neither complete nor idle.
    public internal(set) var outstandingCount = 0
    // Plain memory: an array would check at every change whether it is shared. A slot without an outstanding transfer
    // has a null request, which MPI skips.
    let slots: UnsafeMutablePointer<Slot>  // [capacity]
    let requests: UnsafeMutablePointer<CMPIRequest>  // [capacity]
    let statuses: UnsafeMutablePointer<MPI_Status>  // [capacity], of the transfers that one look found complete
    let indices: UnsafeMutablePointer<Int32>  // [capacity], their slots

    public init(capacity: Int) {
        self.capacity = capacity
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        requests = .allocate(capacity: capacity)
        requests.initialize(repeating: cmpi_request_null(), count: capacity)
        statuses = .allocate(capacity: capacity)
        statuses.initialize(repeating: MPI_Status(), count: capacity)
        indices = .allocate(capacity: capacity)
        indices.initialize(repeating: 0, count: capacity)
    }

    deinit {
        if outstandingCount > 0 {
            assertionFailure("\(outstandingCount) transfers were begun and never waited for")
            giveUpAll()
        }
        slots.deinitialize(count: capacity)
        slots.deallocate()
        requests.deallocate()
        statuses.deallocate()
        indices.deallocate()
    }

    /// Whether nothing is posted in the slot.
    public func isIdle(_ slot: Int) -> Bool { self[slot].pointee.content == .none }

    /// Whether the slot's transfer was seen to be over, well or badly: waiting for it comes back at once. Only
    /// `progress()` and the waits look.
    public func isComplete(_ slot: Int) -> Bool { self[slot].pointee.isComplete }

    subscript(slot: Int) -> UnsafeMutablePointer<Slot> {
        precondition(slot >= 0 && slot < capacity, "there is no slot \(slot), only 0 to \(capacity - 1)")
        return slots + slot
    }
}

// MARK: - Posting

extension TransferSlots {
    /// Begins to send the tensor's elements. Nothing may write them until the slot has been waited for.
    ///
    /// - Precondition: the slot is idle.
    public mutating func post(
        send tensor: Tensor, to destination: Int, tag: Int, on communicator: Communicator, slot: Int
    ) throws(MPIError) {
        precondition(self[slot].pointee.content == .none, "slot \(slot) is taken")
        requests[slot] = try communicator.startSend(tensor, to: destination, tag: tag)
        slots[slot].content = .send
        slots[slot].site = communicator.site("MPI_Isend", peer: destination, tag: tag)
        slots[slot].tensor = tensor
        outstandingCount += 1
    }

    /// Begins to receive a tensor into new memory.
    ///
    /// - Parameters:
    ///   - source: the sender, nil for any.
    ///   - allowingFewerRows: whether the message may be shorter by whole indices of the outermost axis.
    /// - Precondition: the slot is idle.
    public mutating func post(
        receive type: TensorType, from source: Int?, tag: Int?, on communicator: Communicator, slot: Int,
        allowingFewerRows: Bool = false
    ) throws(MPIError) {
        try post(
            receiveInto: Tensor(uninitialized: type.dtype, shape: type.shape), from: source, tag: tag, on: communicator,
            slot: slot, allowingFewerRows: allowingFewerRows)
    }

    /// Begins to receive into memory that the caller has. The caller gives the tensor away: nobody may read or write
    /// it before `wait(receive:)` hands it out.
    ///
    /// - Precondition: the slot is idle.
    public mutating func post(
        receiveInto tensor: consuming Tensor, from source: Int?, tag: Int?, on communicator: Communicator, slot: Int,
        allowingFewerRows: Bool = false
    ) throws(MPIError) {
        precondition(self[slot].pointee.content == .none, "slot \(slot) is taken")
        let expectation = Expectation(tensor, allowingFewerRows: allowingFewerRows)
        requests[slot] = try communicator.startReceive(into: tensor, from: source, tag: tag)
        slots[slot].content = .receive
        slots[slot].site = communicator.site("MPI_Irecv", peer: source, tag: tag)
        slots[slot].expectation = expectation
        slots[slot].tensor = tensor
        outstandingCount += 1
    }
}
