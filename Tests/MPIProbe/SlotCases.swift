import MPI
import Tensors

let slotCases: [ProbeCase] = [
    ("slots", slots), ("slots-pieces", slotsPieces), ("slots-any", slotsAny), ("slots-abandon", slotsAbandon),
    ("poll", poll),
]

/// A pipeline of microbatches around the ring through a few slots, used again and again, with memory given or not; whole,
/// and in pieces, of which messages of 2,000 bytes do not fill forty.
private func slots(_ probe: Probe) throws {
    for pieceCount in [1, 3, 40] { try slots(probe, pieceCount: pieceCount) }
}

private func slots(_ probe: Probe, pieceCount: Int) throws {
    let depth = 3
    let next = (probe.rank + 1) % probe.size
    let previous = (probe.rank + probe.size - 1) % probe.size
    for communicator in try probe.worldAndPieces() {
        var slots = TransferSlots(pieceCounts: [Int](repeating: pieceCount, count: 2 * depth))
        let buffers = (0..<depth).map { _ in Tensor(zeros: .float32, shape: [500]) }
        for microbatch in 0..<30 {
            let slot = microbatch % depth
            if microbatch >= depth {
                try slots.wait(send: depth + slot)
                try take(microbatch - depth)
            }
            probe.expect(slots.isIdle(slot) && slots.isIdle(depth + slot), "slot \(slot) is taken")
            if microbatch % 2 == 0 {
                try slots.post(
                    receiveInto: buffers[slot], from: previous, tag: microbatch, on: communicator, slot: slot)
            } else {
                try slots.post(
                    receive: TensorType(.float32, [500]), from: previous, tag: microbatch, on: communicator, slot: slot)
            }
            try slots.post(
                send: pattern(probe.rank + microbatch, count: 500), to: next, tag: microbatch, on: communicator,
                slot: depth + slot)
            try slots.progress()
        }
        for microbatch in 27..<30 {
            try slots.wait(send: depth + microbatch % depth) { false }
            try take(microbatch)
        }
        probe.expectEqual(slots.outstandingCount, 0, "what is outstanding at the end")

        func take(_ microbatch: Int) throws {
            let tensor =
                microbatch % 3 == 0
                ? try slots.wait(receive: microbatch % depth)
                : try slots.wait(receive: microbatch % depth) { false }
            probe.expectEqual(
                tensor.elements(of: Float.self), pattern(previous + microbatch, count: 500).elements(),
                "microbatch \(microbatch)")
        }
    }
}

/// A message in pieces is not sent before there is a receive for it, however short the pieces are.
private func slotsPieces(_ probe: Probe) throws {
    let communicator = try probe.world.duplicate()
    var slots = TransferSlots(pieceCounts: [4, 4])
    try slots.post(send: pattern(5, count: 300), to: probe.rank, tag: 1, on: communicator, slot: 0)
    let start = MPISession.wallClock
    while MPISession.wallClock - start < 0.03 { try slots.progress() }
    probe.expect(!slots.isComplete(0), "sent to nobody")
    try slots.post(receive: TensorType(.float32, [300]), from: probe.rank, tag: 1, on: communicator, slot: 1)
    let tensor = try slots.wait(receive: 1)
    probe.expectEqual(tensor.elements(of: Float.self), pattern(5, count: 300).elements(), "the message")
    try slots.wait(send: 0)
    probe.expectEqual(slots.outstandingCount, 0, "what is outstanding at the end")
}

/// Rank 0 takes results in the order in which they come.
private func slotsAny(_ probe: Probe) throws {
    guard probe.rank == 0 else { return try probe.world.send(pattern(probe.rank, count: 64), to: 0, tag: 2) }
    var slots = TransferSlots(capacity: probe.size)
    for peer in 1..<max(probe.size, 1) where peer < probe.size {
        try slots.post(receive: TensorType(.float32, [64]), from: peer, tag: 2, on: probe.world, slot: peer)
    }
    var left = Set(1..<max(probe.size, 1))
    while !left.isEmpty {
        _ = try slots.waitForAny { false }
        for peer in left where slots.isComplete(peer) {
            let tensor = try slots.wait(receive: peer)
            probe.expectEqual(tensor.elements(of: Float.self), pattern(peer, count: 64).elements(), "from \(peer)")
            left.remove(peer)
        }
    }
    probe.expectEqual(try slots.waitForAny { false }, 0, "the rest")
}

/// Receives that nobody answers are given up; the slots work afterwards.
private func slotsAbandon(_ probe: Probe) throws {
    let communicator = try probe.world.duplicate()
    var slots = TransferSlots(capacity: 4)
    for slot in 0..<4 {
        try slots.post(receive: TensorType(.float32, [9]), from: probe.rank, tag: 1, on: communicator, slot: slot)
    }
    slots.abandonAll()
    probe.expect((0..<4).allSatisfy { slots.isIdle($0) }, "not all idle")
    try slots.post(receive: TensorType(.float32, [9]), from: probe.rank, tag: 1, on: communicator, slot: 2)
    try communicator.send(pattern(3, count: 9), to: probe.rank, tag: 1)
    probe.expectEqual(try slots.wait(receive: 2).elements(of: Float.self), pattern(3, count: 9).elements(), "slot 2")
}

/// Waits that are stopped early.
private func poll(_ probe: Probe) throws {
    let communicator = try probe.world.duplicate()
    let start = MPISession.wallClock
    let isLate = { MPISession.wallClock - start > 0.05 }
    let site = MPIError(call: "MPI_Irecv", rank: probe.rank, peer: probe.rank, tag: 4, reason: .stopped)
    let first = try communicator.beginReceive(TensorType(.float32, [9]), from: probe.rank, tag: 4)
    let error = probe.expectStopped(first, isLate)
    probe.expectEqual(error, site, "the error")
    var slots = TransferSlots(capacity: 1)
    try slots.post(receive: TensorType(.float32, [9]), from: probe.rank, tag: 4, on: communicator, slot: 0)
    probe.expectEqual(
        probe.expectError("a wait") { () throws(MPIError) in _ = try slots.wait(receive: 0, unless: isLate) }, site,
        "the slot's error")
    probe.expectEqual(
        probe.expectError("any") { () throws(MPIError) in _ = try slots.waitForAny(unless: isLate) }.reason, .stopped,
        "the reason")
    probe.expectEqual(
        probe.expectError("a probe") { () throws(MPIError) in _ = try communicator.probe(unless: isLate) }.reason,
        .stopped, "the reason")
    slots.abandonAll()
    probe.expect(MPISession.wallClock - start < 5, "it took \(MPISession.wallClock - start) s")
}

extension Probe {
    fileprivate func expectStopped(_ receive: consuming PendingReceive, _ shouldStop: () -> Bool) -> MPIError {
        do throws(MPIError) { _ = try receive.wait(unless: shouldStop) } catch { return error }
        fail("the wait came to an end")
    }
}
