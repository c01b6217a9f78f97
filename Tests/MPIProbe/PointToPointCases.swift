import MPI
import Tensors

let pointToPointCases: [ProbeCase] = [
    ("ring", ring), ("all-pairs", allPairs), ("unordered-tags", unorderedTags), ("bytes", bytes), ("probe", probes),
    ("exchange", exchange), ("big", big), ("fewer-rows", fewerRows), ("huge", huge),
]

/// Each rank passes a tensor on, `size` times: every rank's own comes back to it.
private func ring(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        let size = probe.size
        var tensor = pattern(probe.rank, count: 1000)
        for step in 0..<size {
            let send = try communicator.beginSend(tensor, to: (probe.rank + 1) % size, tag: step)
            var receive = try communicator.beginReceive(tensor.type, from: (probe.rank + size - 1) % size, tag: step)
            while !receive.test() {}
            let next = try receive.wait()
            try send.wait()
            tensor = next
            let origin = (probe.rank + 2 * size - step - 1) % size
            probe.expectEqual(tensor.elements(of: Float.self), pattern(origin, count: 1000).elements(), "step \(step)")
        }
    }
}

/// Every rank sends to every rank, itself included, with blocking receives against sends under way.
private func allPairs(_ probe: Probe) throws {
    var senders: Set<Int> = []
    var slots = TransferSlots(capacity: probe.size)
    for peer in 0..<probe.size {
        let tensor = pattern(probe.rank * 10 + peer, count: 300)
        try slots.post(send: tensor, to: peer, tag: 1, on: probe.world, slot: peer)
    }
    for _ in 0..<probe.size {
        let tensor = Tensor(zeros: .float32, shape: [300])
        let info = try probe.world.receive(into: tensor, from: nil, tag: 1)
        probe.expectEqual(
            tensor.elements(of: Float.self), pattern(info.source * 10 + probe.rank, count: 300).elements(),
            "from \(info.source)")
        senders.insert(info.source)
    }
    for peer in 0..<probe.size { try slots.wait(send: peer) }
    probe.expectEqual(senders, Set(0..<probe.size), "the senders")
}

/// Messages received in another order than they were sent in, told apart by tag.
private func unorderedTags(_ probe: Probe) throws {
    let next = (probe.rank + 1) % probe.size
    let previous = (probe.rank + probe.size - 1) % probe.size
    var slots = TransferSlots(capacity: 20)
    for tag in 0..<20 {
        try slots.post(
            send: pattern(probe.rank * 100 + tag, count: tag + 1), to: next, tag: tag, on: probe.world, slot: tag)
    }
    for tag in (0..<20).reversed() {
        let tensor = try probe.world.receive(TensorType(.float32, [tag + 1]), from: previous, tag: tag)
        probe.expectEqual(
            tensor.elements(of: Float.self), pattern(previous * 100 + tag, count: tag + 1).elements(), "tag \(tag)")
    }
    for tag in 0..<20 { try slots.wait(send: tag) }
}

private func bytes(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        for length in [0, 1, 99, 100, 101, 200, 12_345] {
            let next = (probe.rank + 1) % probe.size
            let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ probe.rank) }
            let send = try communicator.beginSend(Tensor(message), to: next, tag: length)
            let (received, info) = try communicator.receiveBytes(from: nil, tag: length)
            try send.wait()
            let source = (probe.rank + probe.size - 1) % probe.size
            probe.expectEqual(
                received, (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ source) }, "\(length) bytes")
            probe.expectEqual([info.source, info.tag, info.byteCount], [source, length, length], "what is known")
        }
    }
}

private func probes(_ probe: Probe) throws {
    if probe.rank > 0 {
        try probe.world.send([UInt8](repeating: 7, count: probe.rank), to: 0, tag: 40 + probe.rank)
    } else {
        var left = Set(1..<probe.size)
        while !left.isEmpty {
            let info = try probe.world.probe()
            probe.expectEqual([info.tag, info.byteCount], [40 + info.source, info.source], "a message found")
            let tensor = try probe.world.receive(TensorType(.uint8, [info.byteCount]), from: info.source, tag: info.tag)
            probe.expectEqual(tensor.elements(), [UInt8](repeating: 7, count: info.source), "its bytes")
            left.remove(info.source)
        }
        probe.expect(try probe.world.probeNow() == nil, "a message is left over")
        probe.expect(try probe.world.receiveBytesNow(from: nil, tag: nil) == nil, "a message is left over")
    }
}

private func exchange(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        let next = (probe.rank + 1) % probe.size
        let previous = (probe.rank + probe.size - 1) % probe.size
        let received = try communicator.exchange(
            pattern(probe.rank, count: 77), with: next, receiving: TensorType(.float32, [77]), from: previous, tag: 3)
        probe.expectEqual(received.elements(of: Float.self), pattern(previous, count: 77).elements(), "the neighbour's")
    }
}

/// 64 MiB around the ring, in one message and through the datatype of very large ones.
private func big(_ probe: Probe) throws {
    let type = TensorType(.uint8, [64 << 20])
    for communicator in [probe.world, try probe.world.duplicate(largestCount: 1_000_001)] {
        let next = (probe.rank + 1) % probe.size
        let previous = (probe.rank + probe.size - 1) % probe.size
        let receive = try communicator.beginReceive(type, from: previous, tag: 5)
        let send = try communicator.beginSend(marked(probe.rank, byteCount: type.byteCount), to: next, tag: 5)
        let tensor = try receive.wait()
        try send.wait()
        probe.expect(isMarked(tensor, previous), "64 MiB came out wrong")
    }
}

/// A true message of more than 2^31 bytes; needs 5 GiB of memory, and is not part of the usual tests.
private func huge(_ probe: Probe) throws {
    let type = TensorType(.uint8, [(1 << 31) + 12_345])
    if probe.rank == 0 {
        try probe.world.send(marked(1, byteCount: type.byteCount), to: 1, tag: 0)
    } else if probe.rank == 1 {
        probe.expect(isMarked(try probe.world.receive(type, from: 0, tag: 0), 1), "2 GiB came out wrong")
    }
}

/// Zeros with a mark every now and then, and at the very end.
private func marked(_ seed: Int, byteCount: Int) -> Tensor {
    let tensor = Tensor(zeros: .uint8, shape: [byteCount])
    tensor.withMutableBytes { bytes in
        for index in stride(from: 0, to: byteCount, by: 4093) { bytes[index] = UInt8((index + seed) % 251) }
        bytes[byteCount - 1] = 255
    }
    return tensor
}

private func isMarked(_ tensor: Tensor, _ seed: Int) -> Bool {
    tensor.withBytes { bytes in
        stride(from: 0, to: bytes.count - 1, by: 4093).allSatisfy { bytes[$0] == UInt8(($0 + seed) % 251) }
            && bytes[bytes.count - 1] == 255
    }
}

private func fewerRows(_ probe: Probe) throws {
    let type = TensorType(.float32, [8, 3])
    let next = (probe.rank + 1) % probe.size
    let previous = (probe.rank + probe.size - 1) % probe.size
    for rows in [8, 5, 0] {
        let send = try probe.world.beginSend(Tensor(zeros: .float32, shape: [rows, 3]), to: next, tag: rows)
        let tensor = try probe.world.beginReceive(type, from: previous, tag: rows, allowingFewerRows: true).wait()
        try send.wait()
        probe.expectEqual(tensor.shape, [rows, 3], "the rows received")
    }
    let send = try probe.world.beginSend(pattern(0, count: 4), to: next, tag: 0)
    let error = probe.expectError("a torn row") { () throws(MPIError) in
        _ = try probe.world.beginReceive(type, from: previous, tag: 0, allowingFewerRows: true).wait()
    }
    try send.wait()
    probe.expectEqual(error.reason, .messageTorn(rowByteCount: 12, sent: 16), "the reason")
}
