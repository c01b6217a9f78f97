import MPI
import Tensors

let lengthCases: [ProbeCase] = [("lengths", lengths), ("lengths-ahead", lengthsAhead), ("lengths-eager", lengthsEager)]

/// Receives a message of tag 9, which has another length, and throws.
private typealias Way = (Communicator, TensorType, Int) throws(MPIError) -> Void

/// Messages longer and shorter than what a blocking receive asks for.
private func lengths(_ probe: Probe) throws {
    try expectErrors(probe, "MPI_Recv", counts: [10, 100_000]) { (communicator, type, source) throws(MPIError) in
        _ = try communicator.receive(type, from: source, tag: 9)
    }
}

/// The same for receives begun ahead; only where MPI does not write past the end, see `PendingReceive`.
private func lengthsAhead(_ probe: Probe) throws { try receivesAhead(probe, counts: [10, 100_000]) }

private func lengthsEager(_ probe: Probe) throws { try receivesAhead(probe, counts: [10, 100]) }

private func receivesAhead(_ probe: Probe, counts: [Int]) throws {
    try expectErrors(probe, "MPI_Irecv", counts: counts) { (communicator, type, source) throws(MPIError) in
        _ = try communicator.beginReceive(type, from: source, tag: 9).wait()
    }
    try expectErrors(probe, "MPI_Irecv", counts: counts) { (communicator, type, source) throws(MPIError) in
        var slots = TransferSlots(capacity: 2)
        try slots.post(receive: type, from: source, tag: 9, on: communicator, slot: 1)
        while !slots.isComplete(1) { try slots.progress() }
        _ = try slots.wait(receive: 1)
    }
    try expectErrors(probe, "MPI_Irecv", counts: counts) { (communicator, type, source) throws(MPIError) in
        var slots = TransferSlots(capacity: 1)
        try slots.post(receive: type, from: source, tag: 9, on: communicator, slot: 0)
        _ = try slots.wait(receive: 0) { false }
    }
}

private func expectErrors(_ probe: Probe, _ call: String, counts: [Int], _ receive: Way) throws {
    let next = (probe.rank + 1) % probe.size
    let previous = (probe.rank + probe.size - 1) % probe.size
    for communicator in try probe.worldAndPieces() {
        for count in counts {
            for wrong in [count - 4, count + 4] {
                let send = try communicator.beginSend(pattern(0, count: wrong), to: next, tag: 9)
                let error = probe.expectError("\(wrong) floats for \(count)") { () throws(MPIError) in
                    try receive(communicator, TensorType(.float32, [count]), previous)
                }
                try send.wait()
                // MPICH does not say how long a message was that it has cut.
                let isSentKnown = call == "MPI_Recv" || MPISession.libraryVersion.contains("Open MPI")
                let reason: MPIError.Reason =
                    wrong < count
                    ? .messageTooShort(expected: count * 4, sent: wrong * 4)
                    : .messageTooLong(capacity: count * 4, sent: isSentKnown ? wrong * 4 : nil)
                probe.expectEqual(
                    error, MPIError(call: call, rank: probe.rank, peer: previous, tag: 9, reason: reason), "the error")
            }
        }
    }
}
