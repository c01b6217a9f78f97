import MPI
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

let failureCases: [ProbeCase] = [
    ("invalid-rank", invalidRank), ("dropped-send", droppedSend), ("dropped-receive", droppedReceive),
    ("dropped-slot", droppedSlot), ("failure-channel", failureChannel), ("abort", abort), ("hang", hang),
]

private func invalidRank(_ probe: Probe) throws {
    let tensor = pattern(0, count: 4)
    for peer in [probe.size, -1, -2, Int.max, Int.min] {
        for (call, body): (String, () throws(MPIError) -> Void) in [
            ("MPI_Send", { () throws(MPIError) in try probe.world.send(tensor, to: peer, tag: 6) }),
            ("MPI_Recv", { () throws(MPIError) in _ = try probe.world.receive(tensor.type, from: peer, tag: 6) }),
            ("MPI_Isend", { () throws(MPIError) in try probe.world.beginSend(tensor, to: peer, tag: 6).wait() }),
            (
                "MPI_Irecv",
                { () throws(MPIError) in _ = try probe.world.beginReceive(tensor.type, from: peer, tag: 6).wait() }
            ),
            ("MPI_Iprobe", { () throws(MPIError) in _ = try probe.world.probeNow(from: peer, tag: 6) }),
        ] {
            let error = probe.expectError("\(call) with rank \(peer)", body)
            probe.expectEqual([error.rank, error.peer, error.tag], [probe.rank, peer, 6], "where")
            probe.expect("\(error)".hasPrefix("\(call) on rank \(probe.rank), peer \(peer), tag 6: "), "\(error)")
            probe.expect("\(error)".lowercased().contains("invalid rank"), "\(error)")
        }
    }
    for tag in [-1, -5, Int.max] {
        let error = probe.expectError("tag \(tag)") { () throws(MPIError) in
            try probe.world.send(tensor, to: probe.rank, tag: tag)
        }
        probe.expect("\(error)".lowercased().contains("invalid tag"), "\(error)")
    }
    let error = probe.expectError("no such root") { () throws(MPIError) in
        try probe.world.broadcast(tensor, root: probe.size)
    }
    probe.expect("\(error)".hasPrefix("MPI_Bcast on rank \(probe.rank), peer \(probe.size): "), "\(error)")
    // Shown once in full, for the reader of the test's output.
    if probe.rank == 0 { print(error) }
}

private func droppedSend(_ probe: Probe) throws {
    _ = try probe.world.beginSend(pattern(0, count: 4), to: probe.rank, tag: 0)
    print("survived")
}

private func droppedReceive(_ probe: Probe) throws {
    _ = try probe.world.beginReceive(TensorType(.float32, [4]), from: probe.rank, tag: 0)
    print("survived")
}

private func droppedSlot(_ probe: Probe) throws {
    var slots = TransferSlots(capacity: 1)
    try slots.post(receive: TensorType(.float32, [4]), from: probe.rank, tag: 0, on: probe.world, slot: 0)
    _ = consume slots
    print("survived")
}

/// The last rank fails; all others wait for a message that will never come, and are told of it.
private func failureChannel(_ probe: Probe) throws {
    let channel = try FailureChannel(on: probe.world)
    let last = probe.size - 1
    probe.expect(!channel.isRaised, "raised before anything happened")
    try probe.world.barrier()
    let start = MPISession.wallClock
    if probe.rank == last {
        channel.announce("layer 3: the weights are torn " + String(repeating: "x", count: 10_000))
    } else {
        var slots = TransferSlots(capacity: 1)
        try slots.post(receive: TensorType(.float32, [4]), from: last, tag: 0, on: probe.world, slot: 0)
        let error = probe.expectError("a wait for rank \(last)") { () throws(MPIError) in
            _ = try slots.wait(receive: 0) { channel.isRaised }
        }
        probe.expectEqual(error.reason, .stopped, "the reason")
        slots.abandonAll()
    }
    probe.expectEqual(channel.notice?.rank, last, "who failed")
    let text = channel.notice?.text ?? ""
    probe.expect(text.hasPrefix("layer 3: the weights are torn") && text.utf8.count >= 2000, "the text is \(text)")
    probe.expect(MPISession.wallClock - start < 5, "it took \(MPISession.wallClock - start) s")
}

private func abort(_ probe: Probe) throws {
    if probe.rank == probe.size - 1 { probe.session.abort(code: 7) }
    try probe.world.barrier()
}

/// For the launcher's own test: no rank ends, even when it is asked to.
private func hang(_ probe: Probe) throws {
    signal(SIGTERM, SIG_IGN)
    print("process \(getpid())")
    fflush(nil)
    while true { sleep(1) }
}
