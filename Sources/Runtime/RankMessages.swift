internal import MPI
internal import Planning
internal import Tensors

/// The messages of one stage: those that come over the edges that end here, and those that leave over the others.
///
/// A message of an edge with a header is two: the header, whose size is known, and the tensor that it announces.
final class StageMessages {
    let incoming: [PartitionPlan.Edge]
    let outgoing: [PartitionPlan.Edge]
    private let plan: PartitionPlan
    private let communicator: Communicator
    private let shouldStop: () -> Bool
    private var slots: TransferSlots
    private var receiveBuffers: StageBuffers  // by position in `incoming`
    private var receivedHeaders: StageBuffers  // the same
    private var sentHeaders: StageBuffers  // by position in `outgoing`
    private let firstReceiveSlot: [Int]  // by position in `incoming`
    private let firstSendSlot: [Int]  // by position in `outgoing`
    /// Headers have the slots after those of tensors, in the same order.
    private let headerSlotOffset: Int

    /// - Parameter shouldStop: asked while waiting; the wait ends with an error when it says so.
    init(
        _ plan: PartitionPlan, stage: Int, communicator: Communicator, unless shouldStop: @escaping () -> Bool
    ) {
        self.plan = plan
        self.communicator = communicator
        self.shouldStop = shouldStop
        incoming = plan.edges.filter { $0.to == stage }
        outgoing = plan.edges.filter { $0.from == stage }
        let receiveSlotCounts = incoming.map(\.receiveSlotCount)
        let sendSlotCounts = outgoing.map(\.sendSlotCount)
        var next = 0
        func first(_ count: Int) -> Int {
            defer { next += count }
            return next
        }
        firstReceiveSlot = receiveSlotCounts.map(first)
        firstSendSlot = sendSlotCounts.map(first)
        headerSlotOffset = next
        var pieceCounts: [Int] = []
        for (edge, count) in zip(incoming + outgoing, receiveSlotCounts + sendSlotCounts) {
            pieceCounts += repeatElement(edge.pieceCount, count: count)
        }
        if (incoming + outgoing).contains(where: \.hasHeader) { pieceCounts += repeatElement(1, count: next) }
        slots = TransferSlots(pieceCounts: pieceCounts)
        receiveBuffers = StageBuffers(slotCounts: receiveSlotCounts)
        receivedHeaders = StageBuffers(slotCounts: receiveSlotCounts)
        sentHeaders = StageBuffers(slotCounts: sendSlotCounts)
    }

    var byteCount: Int { receiveBuffers.byteCount + receivedHeaders.byteCount + sentHeaders.byteCount }

    /// Makes room for messages of this size on an incoming edge.
    func reserve(incoming index: Int, byteCount: Int) { receiveBuffers.reserve(index, byteCount: byteCount) }

    /// Has the system give the memory now.
    func populate() { receiveBuffers.populate() }

    // MARK: Receiving

    /// Posts the receive of an incoming edge's next message. Does not wait.
    ///
    /// - Parameter type: nil where the header will tell it.
    func post(receive index: Int, microbatch: Int, type: TensorType?) throws {
        let edge = incoming[index]
        let source = plan.stages[edge.from].rank
        if edge.hasHeader {
            try slots.post(
                receiveInto: receivedHeaders.tensor(index, microbatch: microbatch, type: MessageHeader.type),
                from: source, tag: headerTag(edge), on: communicator,
                slot: headerSlotOffset + receiveSlot(index, microbatch))
        } else {
            try slots.post(
                receiveInto: receiveBuffers.tensor(index, microbatch: microbatch, type: type!), from: source,
                tag: edge.index, on: communicator, slot: receiveSlot(index, microbatch))
        }
    }

    /// The tensor of a message that was posted, when it is there.
    func wait(receive index: Int, microbatch: Int) throws -> Tensor {
        let slot = receiveSlot(index, microbatch)
        let edge = incoming[index]
        if edge.hasHeader {
            let type = try MessageHeader.read(slots.wait(receive: headerSlotOffset + slot, unless: shouldStop))
            try slots.post(
                receiveInto: receiveBuffers.tensor(index, microbatch: microbatch, type: type),
                from: plan.stages[edge.from].rank, tag: edge.index, on: communicator, slot: slot)
        }
        return try slots.wait(receive: slot, unless: shouldStop)
    }

    // MARK: Sending

    /// Begins to send a result. Does not wait.
    func post(send index: Int, microbatch: Int, _ tensor: Tensor) throws {
        let edge = outgoing[index]
        let destination = plan.stages[edge.to].rank
        let slot = sendSlot(index, microbatch)
        if edge.hasHeader {
            let header = sentHeaders.tensor(index, microbatch: microbatch, type: MessageHeader.type)
            try MessageHeader.write(tensor.type, into: header)
            try slots.post(
                send: header, to: destination, tag: headerTag(edge), on: communicator, slot: headerSlotOffset + slot)
        }
        try slots.post(send: tensor, to: destination, tag: edge.index, on: communicator, slot: slot)
    }

    /// Waits until the buffers that a microbatch is about to overwrite have been taken by their receivers.
    func awaitBuffers(before microbatch: Int) throws {
        for index in outgoing.indices { try finish(index, slot: sendSlot(index, microbatch)) }
    }

    func finishSends() throws {
        for index in outgoing.indices {
            for offset in 0..<outgoing[index].sendSlotCount { try finish(index, slot: firstSendSlot[index] + offset) }
        }
    }

    private func finish(_ index: Int, slot: Int) throws {
        if outgoing[index].hasHeader, !slots.isIdle(headerSlotOffset + slot) {
            try slots.wait(send: headerSlotOffset + slot, unless: shouldStop)
        }
        if !slots.isIdle(slot) { try slots.wait(send: slot, unless: shouldStop) }
    }

    // MARK: Under way

    var outstandingCount: Int { slots.outstandingCount }
    func progress() throws { try slots.progress() }
    func abandonAll() { slots.abandonAll() }

    /// Tags of tensors are the edges' numbers; those of headers follow.
    private func headerTag(_ edge: PartitionPlan.Edge) -> Int { plan.edges.count + edge.index }

    private func receiveSlot(_ index: Int, _ microbatch: Int) -> Int {
        firstReceiveSlot[index] + microbatch % incoming[index].receiveSlotCount
    }

    private func sendSlot(_ index: Int, _ microbatch: Int) -> Int {
        firstSendSlot[index] + microbatch % outgoing[index].sendSlotCount
    }
}
