internal import MPI
internal import Planning
internal import Tensors

/// Sends messages from node to node as a pipeline does, whole and in pieces, and finds which of the two is faster.
///
/// Where MPI makes a long message wait for its receiver, the request is sent after the data of the message before it,
/// and the link is idle until the answer is back. Two ranks alone hardly show this: it needs a rank that receives and
/// sends at the same time.
struct RelayProbe {
    let world: Communicator
    let route: RelayRoute
    let budget: ProbeBudget
    let shouldStop: () -> Bool

    /// A piece must be small enough to be sent at once, together with MPI's own header of some ten bytes: slightly less
    /// than `btl_tcp_eager_limit`.
    private static let pieceByteCount = Cluster.standardEagerByteCount - 4096
    private static let messageTag = 15
    /// Messages that are under way over one link at the same time, as in a run.
    private static let slotCount = PartitionPlan.receiveSlotCount

    /// All ranks call this together; the result is the same on all.
    ///
    /// - Returns: nil on one node.
    func measure() throws -> ClusterMeasurement.Relay? {
        guard route.ranks.count > 1 else { return nil }
        // A message takes some hundred milliseconds at most.
        let byteCount = route.bandwidth < 1e7 ? 1 << 18 : 1 << 20
        let pieceCount = (byteCount + RelayProbe.pieceByteCount - 1) / RelayProbe.pieceByteCount
        var whole: [Double] = []
        var inPieces: [Double] = []
        for _ in 0..<budget.relayRounds {
            whole.append(try relay(byteCount, pieceCount: 1))
            inPieces.append(try relay(byteCount, pieceCount: pieceCount))
        }
        return ClusterMeasurement.Relay(
            byteCount: byteCount, pieceByteCount: RelayProbe.pieceByteCount, wholeSeconds: Statistics.median(whole),
            piecesSeconds: Statistics.median(inPieces))
    }

    /// - Returns: seconds from one message to the next at the end of the chain.
    private func relay(_ byteCount: Int, pieceCount: Int) throws -> Double {
        try world.restingBarrier(unless: shouldStop)
        let chain = route.ranks
        var found = [0.0]
        if let place = chain.firstIndex(of: world.rank) {
            found = [
                try relay(
                    byteCount, pieceCount: pieceCount, from: place > 0 ? chain[place - 1] : nil,
                    to: place + 1 < chain.count ? chain[place + 1] : nil)
            ]
        }
        try world.restingBarrier(unless: shouldStop)
        try world.allReduce(&found, by: .maximum)
        return found[0]
    }

    /// One rank's part, in the order of the forward pipeline.
    ///
    /// - Returns: on the last rank, what `relay` does; 0 on the others.
    private func relay(_ byteCount: Int, pieceCount: Int, from source: Int?, to destination: Int?) throws -> Double {
        let depth = RelayProbe.slotCount
        // First the receives, then the sends.
        var slots = TransferSlots(pieceCounts: [Int](repeating: pieceCount, count: 2 * depth))
        let buffers = (0..<2 * depth).map { _ in Tensor([UInt8](repeating: 1, count: byteCount)) }
        func receive(_ message: Int) throws {
            guard let source, message < budget.relayCount else { return }
            try slots.post(
                receiveInto: buffers[message % depth], from: source, tag: RelayProbe.messageTag, on: world,
                slot: message % depth)
        }
        func finishSend(_ message: Int) throws {
            let slot = depth + message % depth
            if !slots.isIdle(slot) { try slots.wait(send: slot, unless: shouldStop) }
        }
        do {
            var first = 0.0
            try receive(0)
            for message in 0..<budget.relayCount {
                try receive(message + 1)
                if source != nil { _ = try slots.wait(receive: message % depth, unless: shouldStop) }
                // Messages that are under way together may arrive together: whole groups are counted, without the first
                // one.
                if message == depth - 1 { first = StopWatch.now }
                guard let destination else { continue }
                try finishSend(message)
                try slots.post(
                    send: buffers[depth + message % depth], to: destination, tag: RelayProbe.messageTag, on: world,
                    slot: depth + message % depth)
            }
            let last = StopWatch.now
            for message in 0..<depth { try finishSend(message) }
            return destination == nil ? (last - first) / Double(budget.relayCount - depth) : 0
        } catch {
            slots.abandonAll()
            throw error
        }
    }
}
