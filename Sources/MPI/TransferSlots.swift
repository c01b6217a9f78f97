internal import CMPI
public import Tensors

/// A fixed number of places for transfers under way, for code that has many at a time and knows each by its number.
///
/// The message of a slot can be sent in pieces, for networks on which MPI makes each long message wait for its
/// receiver: a piece that is small enough for MPI to send at once does not wait. The first piece is sent synchronously.
/// So a send in pieces, like any other, is complete only once its receive is posted, and a receiver is never sent more
/// than it has slots for.
///
/// A slot is idle, outstanding, or complete until it is waited for. Posting, polling and waiting allocate nothing,
/// except the memory of a tensor that is received without memory given. Only `wait(receive:)` returns a received
/// tensor. Slots must be idle when they are destroyed: others trap in debug builds, and are given up in release builds.
public struct TransferSlots: ~Copyable {
    struct Slot {
        var content = Content.none
        var isComplete = false
        /// Pieces that are not over.
        var openCount = 0
        /// Of the first piece that failed.
        var code = cmpi_success()
        var site = CallSite(call: "")
        /// Kept alive for MPI; a send releases it as soon as it is complete.
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
    let requests: UnsafeMutablePointer<CMPIRequest>  // [requestCount]
    let statuses: UnsafeMutablePointer<MPI_Status>  // [requestCount], of the pieces that one poll found complete
    let indices: UnsafeMutablePointer<Int32>  // [requestCount], their requests
    let slotOfRequest: [Int]
    let requestRanges: [Range<Int>]  // by slot

    var requestCount: Int { slotOfRequest.count }

    public init(capacity: Int) { self.init(pieceCounts: [Int](repeating: 1, count: capacity)) }

    /// - Parameter pieceCounts: by slot: in how many pieces its messages go, the same number on both sides.
    public init(pieceCounts: [Int]) {
        capacity = pieceCounts.count
        var requestRanges: [Range<Int>] = []
        var slotOfRequest: [Int] = []
        for (slot, count) in pieceCounts.enumerated() {
            precondition(count > 0, "a message of \(count) pieces")
            requestRanges.append(slotOfRequest.count..<slotOfRequest.count + count)
            slotOfRequest += repeatElement(slot, count: count)
        }
        self.requestRanges = requestRanges
        self.slotOfRequest = slotOfRequest
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        requests = .allocate(capacity: slotOfRequest.count)
        requests.initialize(repeating: cmpi_request_null(), count: slotOfRequest.count)
        statuses = .allocate(capacity: slotOfRequest.count)
        statuses.initialize(repeating: MPI_Status(), count: slotOfRequest.count)
        indices = .allocate(capacity: slotOfRequest.count)
        indices.initialize(repeating: 0, count: slotOfRequest.count)
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

    /// Whether the slot's transfer was found to be over, with or without an error: waiting for it returns at once. Only
    /// `progress()` and the waits update this.
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
        let range = requestRanges[slot]
        slots[slot].site = communicator.site("MPI_Isend", peer: destination, tag: tag)
        try begin(.send, slot, tensor) { request, bytes throws(MPIError) in
            try communicator.startSend(
                tensor, bytes, isSynchronous: range.count > 1 && request == range.lowerBound, to: destination, tag: tag)
        }
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

    /// Begins to receive into memory of the caller. The caller gives the tensor away: it must not be read or written
    /// before `wait(receive:)` returns it.
    ///
    /// - Precondition: the slot is idle.
    public mutating func post(
        receiveInto tensor: consuming Tensor, from source: Int?, tag: Int?, on communicator: Communicator, slot: Int,
        allowingFewerRows: Bool = false
    ) throws(MPIError) {
        precondition(self[slot].pointee.content == .none, "slot \(slot) is taken")
        precondition(
            !allowingFewerRows || requestRanges[slot].count == 1, "a message in pieces has all of its rows")
        slots[slot].expectation = Expectation(tensor, allowingFewerRows: allowingFewerRows)
        slots[slot].received = 0
        slots[slot].site = communicator.site("MPI_Irecv", peer: source, tag: tag)
        try begin(.receive, slot, tensor) { _, bytes throws(MPIError) in
            try communicator.startReceive(into: tensor, bytes, from: source, tag: tag)
        }
    }

    /// Where a piece cannot begin, those before it stay outstanding.
    private mutating func begin(
        _ content: Content, _ slot: Int, _ tensor: Tensor,
        _ start: (_ request: Int, _ bytes: Range<Int>) throws(MPIError) -> CMPIRequest
    ) throws(MPIError) {
        let range = requestRanges[slot]
        let byteCount = tensor.byteCount
        let length = TransferSlots.pieceByteCount(byteCount, pieceCount: range.count)
        for request in range {
            let first = (request - range.lowerBound) * length
            // A short message has fewer pieces; all but the last have the full length.
            guard first < byteCount || request == range.lowerBound else { return }
            requests[request] = try start(request, first..<min(byteCount, first + length))
            if request == range.lowerBound {
                slots[slot].content = content
                slots[slot].tensor = tensor
                outstandingCount += 1
            }
            slots[slot].openCount += 1
        }
    }

    /// Of all pieces but the last; whole cache lines.
    private static func pieceByteCount(_ byteCount: Int, pieceCount: Int) -> Int {
        guard pieceCount > 1 else { return byteCount }
        return ((byteCount + pieceCount - 1) / pieceCount + 63) / 64 * 64
    }
}
