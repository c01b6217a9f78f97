public import MPI

/// By how much the clocks of ranks on different nodes differ.
public enum ClockOffset {
    private static let tag = 2
    private static let rounds = 8

    /// Seconds to add to this rank's clock to get rank 0's, from the exchange with the shortest round trip (Cristian
    /// 1989). All ranks call this together.
    public static func measure(_ world: Communicator) throws(MPIError) -> Double {
        var best = (roundTrip: Double.infinity, offset: 0.0)
        for other in 1..<max(world.size, 1) {
            for _ in 0..<rounds {
                if world.rank == 0 {
                    _ = try world.receiveBytes(from: other, tag: tag)
                    try world.send([MPISession.wallClock].messageBytes, to: other, tag: tag)
                } else if world.rank == other {
                    let start = MPISession.wallClock
                    try world.send([start].messageBytes, to: 0, tag: tag)
                    let answer = [Double](messageBytes: try world.receiveBytes(from: 0, tag: tag).bytes)[0]
                    let end = MPISession.wallClock
                    if end - start < best.roundTrip { best = (end - start, answer - (start + end) / 2) }
                }
            }
        }
        return best.offset
    }
}
