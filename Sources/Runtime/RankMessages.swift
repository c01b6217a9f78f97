internal import MPI
internal import Planning
internal import Tensors

/// The messages of one rank: those that come over the edges that end at its stages, and those that leave over the edges
/// that begin there. Buffers are taken in turn.
///
/// A message of an edge with a header is two: the header, whose size is known, and the tensor that it announces.
final class RankMessages {
    let incoming: [PartitionPlan.Edge]
    let outgoing: [PartitionPlan.Edge]
    private let rules: ScheduleRules
    private let communicator: Communicator
    private let shouldStop: () -> Bool
    private var slots: TransferSlots
    private var receiveBuffers: StageBuffers  // by position in `incoming`
    private var receivedHeaders: StageBuffers  // the same
    private var sentHeaders: StageBuffers  // by position in `outgoing`
    private var postedCounts: [Int]  // by position in `incoming`
    private var takenCounts: [Int]  // the same
    private let firstReceiveSlot: [Int]  // the same
    private let firstSendSlot: [Int]  // by position in `outgoing`
    /// Headers have the slots after those of tensors, in the same order.
    private let headerSlotOffset: Int

    /// - Parameter shouldStop: asked while waiting; the wait ends with an error when it says so.
    init(
        _ rules: ScheduleRules, stages: [Int], communicator: Communicator, unless shouldStop: @escaping () -> Bool
    ) {
        self.rules = rules
        self.communicator = communicator
        self.shouldStop = shouldStop
        incoming = rules.plan.edges.filter { stages.contains($0.to) }
        outgoing = rules.plan.edges.filter { stages.contains($0.from) }
        postedCounts = incoming.map { _ in 0 }
        takenCounts = postedCounts
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
        let source = rules.sender(over: edge.index, of: microbatch)
        let turn = postedCounts[index]
        postedCounts[index] = turn + 1
        let slot = receiveSlot(index, turn)
        if edge.hasHeader {
            try slots.post(
                receiveInto: receivedHeaders.tensor(index, turn: turn, type: MessageHeader.type), from: source,
                tag: headerTag(edge), on: communicator, slot: headerSlotOffset + slot)
        } else {
            try slots.post(
                receiveInto: receiveBuffers.tensor(index, turn: turn, type: type!), from: source, tag: edge.index,
                on: communicator, slot: slot)
        }
    }

    /// The tensor of the message that was posted first of those that were not taken, when it is there.
    func wait(receive index: Int, microbatch: Int) throws -> Tensor {
        let turn = takenCounts[index]
        takenCounts[index] = turn + 1
        let slot = receiveSlot(index, turn)
        let edge = incoming[index]
        if edge.hasHeader {
            let type = try MessageHeader.read(slots.wait(receive: headerSlotOffset + slot, unless: shouldStop))
            try slots.post(
                receiveInto: receiveBuffers.tensor(index, turn: turn, type: type),
                from: rules.sender(over: edge.index, of: microbatch), tag: edge.index, on: communicator, slot: slot)
        }
        return try slots.wait(receive: slot, unless: shouldStop)
    }

    // MARK: Sending

    /// Begins to send a result. Does not wait.
    ///
    /// - Parameter turn: microbatches that the stage had computed before this one.
    func post(send index: Int, microbatch: Int, turn: Int, _ tensor: Tensor) throws {
        let edge = outgoing[index]
        let destination = rules.receiver(over: edge.index, of: microbatch)
        let slot = sendSlot(index, turn)
        if edge.hasHeader {
            let header = sentHeaders.tensor(index, turn: turn, type: MessageHeader.type)
            try MessageHeader.write(tensor.type, into: header)
            try slots.post(
                send: header, to: destination, tag: headerTag(edge), on: communicator, slot: headerSlotOffset + slot)
        }
        try slots.post(send: tensor, to: destination, tag: edge.index, on: communicator, slot: slot)
    }

    /// Waits until the buffer of an outgoing edge that a turn is about to overwrite has been taken by its receiver.
    func awaitBuffer(of index: Int, before turn: Int) throws { try finish(index, slot: sendSlot(index, turn)) }

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
    private func headerTag(_ edge: PartitionPlan.Edge) -> Int { rules.plan.edges.count + edge.index }

    private func receiveSlot(_ index: Int, _ turn: Int) -> Int {
        firstReceiveSlot[index] + turn % incoming[index].receiveSlotCount
    }

    private func sendSlot(_ index: Int, _ turn: Int) -> Int {
        firstSendSlot[index] + turn % outgoing[index].sendSlotCount
    }
}
