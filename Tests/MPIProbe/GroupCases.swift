import MPI
import Tensors

let groupCases: [ProbeCase] = [
    ("session", session), ("split", split), ("duplicate", duplicate), ("node-local", nodeLocal),
    ("shared-window", sharedWindow), ("unfreed-window", unfreedWindow), ("tickets", tickets),
]

private func session(_ probe: Probe) throws {
    probe.expect(probe.session.threadLevel >= .funneled, "the thread level is \(probe.session.threadLevel)")
    probe.expect(!MPISession.libraryVersion.isEmpty && !MPISession.libraryVersion.contains("\n"), "no version")
    probe.expect(!MPISession.processorName.isEmpty, "no name of the host")
    probe.expect(probe.world.largestTag >= 32_767, "the largest tag is \(probe.world.largestTag)")
    let before = MPISession.wallClock
    probe.expect(MPISession.wallClock >= before, "the clock goes backwards")
    let error = probe.expectError("a second start") { () throws(MPIError) in _ = try MPISession.start() }
    probe.expectEqual("\(error)", "MPI_Init_thread: MPI was started before in this process", "the error")
    if probe.rank == 0 {
        print("launcher \(MPISession.launcher.map(\.rawValue) ?? "none"), ranks \(probe.size)")
    }
}

private func split(_ probe: Probe) throws {
    // Odd and even ranks, in reverse order.
    guard let half = try probe.world.split(color: probe.rank % 2, key: -probe.rank) else { probe.fail("no part") }
    let members = (0..<probe.size).filter { $0 % 2 == probe.rank % 2 }.reversed()
    probe.expectEqual(half.size, members.count, "the size")
    probe.expectEqual(try half.allGather([Int64(probe.rank)]).map { Int($0) }, Array(members), "the members")
    let part = try probe.world.split(color: probe.rank == 0 ? nil : 3)
    probe.expectEqual(part?.size, probe.rank == 0 ? nil : probe.size - 1, "the others")
    probe.expectEqual(part?.rank, probe.rank == 0 ? nil : probe.rank - 1, "the rank among the others")
    let error = probe.expectError("colour -2") { () throws(MPIError) in _ = try probe.world.split(color: -2) }
    probe.expect("\(error)".contains("colour -2"), "\(error)")
    // Many of them, one after the other: freed handles are used again.
    for round in 0..<500 {
        let copy = try probe.world.split(color: 0)
        probe.expectEqual(copy?.size, probe.size, "round \(round)")
    }
}

private func duplicate(_ probe: Probe) throws {
    let copy = try probe.world.duplicate()
    probe.expectEqual([copy.rank, copy.size], [probe.rank, probe.size], "the copy")
    // The same tag in both: the messages do not meet.
    let next = (probe.rank + 1) % probe.size
    let previous = (probe.rank + probe.size - 1) % probe.size
    let first = try probe.world.beginSend(pattern(1, count: 8), to: next, tag: 0)
    let second = try copy.beginSend(pattern(2, count: 8), to: next, tag: 0)
    let type = TensorType(.float32, [8])
    probe.expectEqual(
        try copy.receive(type, from: previous, tag: 0).elements(of: Float.self), pattern(2, count: 8).elements(),
        "the copy's message")
    probe.expectEqual(
        try probe.world.receive(type, from: previous, tag: 0).elements(of: Float.self), pattern(1, count: 8).elements(),
        "the world's message")
    try first.wait()
    try second.wait()
}

private func nodeLocal(_ probe: Probe) throws {
    let node = try probe.world.nodeLocal()
    probe.expectEqual([node.rank, node.size], [probe.rank, probe.size], "the ranks of this one machine")
}

private func sharedWindow(_ probe: Probe) throws {
    let node = try probe.world.nodeLocal()
    // Rank 0 shares 1000 floats, rank 1 nothing, others a little.
    func count(_ rank: Int) -> Int { rank == 0 ? 1000 : rank == 1 ? 0 : rank * 3 }
    let window = try SharedWindow(byteCount: count(probe.rank) * 4, on: node)
    probe.expectEqual(window.byteCounts, (0..<probe.size).map { count($0) * 4 }, "the sizes")
    do {
        let storage = try window.storage(ofRank: probe.rank)
        let mine = Tensor(dtype: .float32, shape: [count(probe.rank)], storage: storage)
        mine.withMutableBytes { bytes in
            let values = bytes.bindMemory(to: Float.self)
            for index in values.indices { values[index] = Float(probe.rank * 10_000 + index) }
        }
        try window.synchronize()
        for peer in 0..<probe.size {
            let storage = try window.storage(ofRank: peer)
            probe.expect(Int(bitPattern: storage.pointer) % Storage.alignment == 0, "not aligned")
            let tensor = Tensor(dtype: .float32, shape: [count(peer)], storage: storage)
            probe.expectEqual(
                tensor.elements(), (0..<count(peer)).map { Float(peer * 10_000 + $0) }, "the segment of \(peer)")
        }
        let error = probe.expectError("a segment too many") { () throws(MPIError) in
            _ = try window.storage(ofRank: probe.size)
        }
        probe.expect("\(error)".contains("segments of ranks 0 to \(probe.size - 1)"), "\(error)")
    }
    try window.synchronize()
    try window.free()
}

/// A window that lives until the process ends, as one of weights may.
private func unfreedWindow(_ probe: Probe) throws {
    let window = try SharedWindow(byteCount: 4096, on: probe.world.nodeLocal())
    try window.synchronize()
}

/// A counter from which all ranks take as fast as they can: each number once, on both ways.
private func tickets(_ probe: Probe) throws {
    let count = 2000
    for usesSharedMemory in [true, false] {
        let counter = try TicketCounter(on: probe.world, usesSharedMemory: usesSharedMemory)
        probe.expectEqual(counter.isShared, usesSharedMemory, "the way")
        var taken: [Int64] = []
        while case let ticket = try counter.take(), ticket < count { taken.append(Int64(ticket)) }
        probe.expect(zip(taken, taken.dropFirst()).allSatisfy(<), "numbers go back")
        let all = try probe.world.allGather(bytes: taken.flatMap { withUnsafeBytes(of: $0, Array.init) })
        let bytes = all.flatMap { $0 }
        let numbers = stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<start + 8].withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
        }
        probe.expectEqual(numbers.sorted(), (0..<Int64(count)).map { $0 }, "the numbers")
        try counter.free()
    }
    let counter = try TicketCounter.ifPossible(on: probe.world)
    probe.expect(counter?.isShared == true, "one node, and no shared memory")
    try counter?.free()
}
