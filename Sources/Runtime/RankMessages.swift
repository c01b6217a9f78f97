internal import MPI
internal import Planning
internal import Tensors

/// The messages of one rank: those that arrive over the edges that end at its stages, and those that leave over the
/// edges that begin there. Buffers are taken in turn.
///
/// An edge with a header has two messages for each microbatch: the header, whose size is known, and the tensor that it
/// describes.
final class RankMessages {
    let incoming: [PartitionPlan.Edge]
    let outgoing: [PartitionPlan.Edge]
    private let edgeCount: Int
    private let ringCounts: [Int]  // by position in `incoming`
    private let communicator: Communicator
    private let shouldStop: () -> Bool
    private var slots: TransferSlots
    private var receiveBuffers: StageBuffers  // by position in `incoming`
    private var receivedHeaders: StageBuffers  // the same
    private var sentHeaders: StageBuffers  // by position in `outgoing`
    private var postedCounts: [[Int]]  // by position in `incoming`, by ring
    private var takenCounts: [[Int]]  // the same
    private let firstReceiveSlot: [Int]  // the same
    private let firstSendSlot: [Int]  // by position in `outgoing`
    /// Headers have the slots after those of tensors, in the same order.
    private let headerSlotOffset: Int

    /// - Parameter shouldStop: called while waiting; the wait ends with an error when it returns true.
    init(
        _ rules: ScheduleRules, stages: [Int], communicator: Communicator, unless shouldStop: @escaping () -> Bool
    ) {
        edgeCount = rules.plan.edges.count
        self.communicator = communicator
        self.shouldStop = shouldStop
        incoming = rules.plan.edges.filter { stages.contains($0.to) }
        outgoing = rules.plan.edges.filter { stages.contains($0.from) }
        ringCounts = incoming.map { rules.ringCount(of: $0.index) }
        postedCounts = ringCounts.map { [Int](repeating: 0, count: $0) }
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

    /// Makes the system provide the memory now.
    func populate() { receiveBuffers.populate() }

    // MARK: Receiving

    /// Posts the receive of the next message of a ring of an incoming edge. Does not wait.
    ///
    /// - Parameters:
    ///   - source: the rank that sends it.
    ///   - type: nil where the header will describe it.
    func post(receive index: Int, ring: Int, from source: Int, type: TensorType?) throws {
        let edge = incoming[index]
        let buffer = bufferNumber(index, ring, turn: postedCounts[index][ring])
        postedCounts[index][ring] += 1
        let slot = firstReceiveSlot[index] + buffer
        if edge.hasHeader {
            try slots.post(
                receiveInto: receivedHeaders.tensor(index, turn: buffer, type: MessageHeader.type), from: source,
                tag: headerTag(edge), on: communicator, slot: headerSlotOffset + slot)
        } else {
            try slots.post(
                receiveInto: receiveBuffers.tensor(index, turn: buffer, type: type!), from: source, tag: edge.index,
                on: communicator, slot: slot)
        }
    }

    /// The tensor of the message of a ring that was posted first of those that were not taken, once it has arrived.
    func wait(receive index: Int, ring: Int, from source: Int) throws -> Tensor {
        let buffer = bufferNumber(index, ring, turn: takenCounts[index][ring])
        takenCounts[index][ring] += 1
        let slot = firstReceiveSlot[index] + buffer
        let edge = incoming[index]
        if edge.hasHeader {
            let type = try MessageHeader.read(slots.wait(receive: headerSlotOffset + slot, unless: shouldStop))
            try slots.post(
                receiveInto: receiveBuffers.tensor(index, turn: buffer, type: type), from: source, tag: edge.index,
                on: communicator, slot: slot)
        }
        return try slots.wait(receive: slot, unless: shouldStop)
    }

    /// Whether a part of the message that `wait(receive:)` would wait for was found to have arrived: all of it, or the
    /// header that comes right before it. Only `progress()` and the waits update this.
    func hasCome(_ index: Int, ring: Int) -> Bool {
        guard takenCounts[index][ring] < postedCounts[index][ring] else { return false }
        let slot = firstReceiveSlot[index] + bufferNumber(index, ring, turn: takenCounts[index][ring])
        return slots.isComplete(incoming[index].hasHeader ? headerSlotOffset + slot : slot)
    }

    /// Whether there is a buffer for one more receive.
    func canPost(_ index: Int, ring: Int) -> Bool {
        postedCounts[index][ring] - takenCounts[index][ring] < incoming[index].receiveSlotCount / ringCounts[index]
    }

    // MARK: Sending

    /// Begins to send a result. Does not wait.
    ///
    /// - Parameters:
    ///   - destination: the rank that receives it.
    ///   - turn: microbatches that the stage had computed before this one.
    func post(send index: Int, to destination: Int, turn: Int, _ tensor: Tensor) throws {
        let edge = outgoing[index]
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
    private func headerTag(_ edge: PartitionPlan.Edge) -> Int { edgeCount + edge.index }

    /// Of the buffers of an incoming edge, the one that a turn of a ring takes.
    private func bufferNumber(_ index: Int, _ ring: Int, turn: Int) -> Int {
        let count = incoming[index].receiveSlotCount / ringCounts[index]
        return ring * count + turn % count
    }

    private func sendSlot(_ index: Int, _ turn: Int) -> Int {
        firstSendSlot[index] + turn % outgoing[index].sendSlotCount
    }
}
