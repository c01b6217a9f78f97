internal import Kernels
internal import MPI
internal import Planning
internal import Tensors

/// One rank's side of an exchange of messages with another: transfers as the executor makes them.
final class PairBench {
    private let channel: Communicator
    private var slots = TransferSlots(capacity: 2)
    private let outgoing: Tensor
    private let incoming: Tensor
    private let work: ProbeProgram
    private let shouldStop: () -> Bool

    private static let dataTag = 11
    private static let receiveSlot = 0
    private static let sendSlot = 1
    /// Rows of the product that is computed between two polls of a transfer: some hundred microseconds.
    private static let workExtent = 160

    init(
        _ channel: Communicator, largestByteCount: Int, pool: WorkerPool, unless shouldStop: @escaping () -> Bool
    ) throws {
        self.channel = channel
        self.shouldStop = shouldStop
        // Written to, so that the system gives each its own pages.
        let ones = [UInt8](repeating: 1, count: largestByteCount)
        outgoing = Tensor(ones)
        incoming = Tensor(ones)
        work = try ProbeProgram.product(extent: PairBench.workExtent, pool: pool)
    }

    private func part(_ tensor: Tensor, _ byteCount: Int) -> Tensor {
        Tensor(dtype: .uint8, shape: [byteCount], storage: tensor.storage)
    }

    private func beginReceive(_ byteCount: Int, from peer: Int) throws {
        try slots.post(
            receiveInto: part(incoming, byteCount), from: peer, tag: PairBench.dataTag, on: channel,
            slot: PairBench.receiveSlot)
    }

    private func beginSend(_ byteCount: Int, to peer: Int) throws {
        try slots.post(
            send: part(outgoing, byteCount), to: peer, tag: PairBench.dataTag, on: channel, slot: PairBench.sendSlot)
    }

    private func endReceive() throws { _ = try slots.wait(receive: PairBench.receiveSlot, unless: shouldStop) }
    private func endSend() throws { try slots.wait(send: PairBench.sendSlot, unless: shouldStop) }

    /// Sends a message to the peer and receives one of the same size back, several times.
    ///
    /// - Returns: half of what each round took, in seconds.
    func exchange(_ byteCount: Int, with peer: Int, rounds: Int, isLead: Bool) throws -> [Double] {
        var times: [Double] = []
        times.reserveCapacity(rounds)
        try beginReceive(byteCount, from: peer)
        for round in 0..<rounds {
            let start = StopWatch.now
            if isLead { try beginSend(byteCount, to: peer) }
            try endReceive()
            // The next receive is posted before the message that it is for can be sent.
            if round + 1 < rounds { try beginReceive(byteCount, from: peer) }
            if !isLead { try beginSend(byteCount, to: peer) }
            try endSend()
            times.append((StopWatch.now - start) / 2)
        }
        return times
    }

    /// Computes while a message is under way, as a stage does, and finds how much time the message costs: what is spent
    /// inside MPI, and by how much the computing takes longer than without it.
    ///
    /// - Parameter expected: seconds that the message takes.
    /// - Returns: seconds for each byte; the lower quartile over the rounds.
    func handling(
        _ byteCount: Int, with peer: Int, rounds: Int, expected: Double, isSender: Bool
    ) throws -> Double {
        let pieces = min(100, max(8, Int((expected / (try work.seconds(rounds: 5))).rounded(.up))))
        var found: [Double] = []
        for _ in 0..<rounds {
            _ = try exchange(1, with: peer, rounds: 1, isLead: isSender)
            let idle = try work.seconds(rounds: pieces)
            _ = try exchange(1, with: peer, rounds: 1, isLead: isSender)
            var inside = 0.0
            var times: [Double] = []
            var start = StopWatch.now
            if isSender { try beginSend(byteCount, to: peer) } else { try beginReceive(byteCount, from: peer) }
            repeat {
                let begun = StopWatch.now
                inside += begun - start
                try work.run()
                start = StopWatch.now
                times.append(start - begun)
                try slots.progress()
            } while slots.outstandingCount > 0
            if isSender { try endSend() } else { try endReceive() }
            inside += StopWatch.now - start
            // Medians, so that a short disturbance of the machine does not count.
            let longer = Double(times.count) * (Statistics.median(times) - idle)
            found.append(max(0, inside + longer) / Double(byteCount))
        }
        return found.sorted()[rounds / 4]
    }
}
