import MPI
import Tensors

/// Not part of the usual tests: what the seam costs, to be compared with a C program that makes the same calls.
let timingCases: [ProbeCase] = [("latency", latency)]

/// Two ranks pass a tensor back and forth through slots.
private func latency(_ probe: Probe) throws {
    let rounds = 20_000
    guard probe.rank < 2, probe.size > 1 else { return }
    let peer = 1 - probe.rank
    for count in [2, 1024] {
        let outgoing = Tensor(zeros: .float32, shape: [count])
        let incoming = Tensor(zeros: .float32, shape: [count])
        var slots = TransferSlots(capacity: 8)
        var start = 0.0
        for round in 0..<(rounds + 100) {
            if round == 100 { start = MPISession.wallClock }
            try slots.post(receiveInto: incoming, from: peer, tag: 1, on: probe.world, slot: 0)
            if probe.rank == 0 {
                try slots.post(send: outgoing, to: peer, tag: 1, on: probe.world, slot: 1)
                try slots.progress()
            }
            _ = try slots.wait(receive: 0)
            if probe.rank == 1 { try slots.post(send: outgoing, to: peer, tag: 1, on: probe.world, slot: 1) }
            try slots.wait(send: 1)
        }
        let seconds = MPISession.wallClock - start
        if probe.rank == 0 { print("\(count * 4) bytes: \(seconds / Double(rounds) / 2 * 1e6) us one way") }
    }
}
