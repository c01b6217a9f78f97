#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension Communicator {
    private static let restTag = 1
    /// Microseconds between two polls.
    private static let restPause: UInt32 = 200

    /// A barrier whose ranks sleep while they wait, so that they leave cores and memory to those that work. It takes
    /// some hundred microseconds longer than a barrier that polls. Collective.
    ///
    /// Its messages have a tag of their own on a communicator that is used for nothing else at the same time.
    ///
    /// - Throws: `.stopped` where `shouldStop` returns true before all ranks have called it.
    public func restingBarrier(unless shouldStop: () -> Bool = { false }) throws(MPIError) {
        guard size > 1 else { return }
        if rank == 0 {
            for peer in 1..<size {
                _ = try receiveBytesAtRest(from: peer, tag: Communicator.restTag, unless: shouldStop)
            }
            for peer in 1..<size { try send([], to: peer, tag: Communicator.restTag) }
        } else {
            try send([], to: 0, tag: Communicator.restTag)
            _ = try receiveBytesAtRest(from: 0, tag: Communicator.restTag, unless: shouldStop)
        }
    }

    /// Receives a message of any length, and sleeps until one comes: some hundred microseconds later than
    /// `receiveBytes` would.
    ///
    /// - Throws: `.stopped` where `shouldStop` returns true first.
    public func receiveBytesAtRest(
        from source: Int, tag: Int, unless shouldStop: () -> Bool = { false }
    ) throws(MPIError) -> [UInt8] {
        while true {
            if let received = try receiveBytesNow(from: source, tag: tag) { return received.bytes }
            if shouldStop() { throw site("MPI_Recv", peer: source, tag: tag).error(.stopped) }
            usleep(Communicator.restPause)
        }
    }
}
