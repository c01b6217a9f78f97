internal import CMPI

extension Communicator {
    /// Waits until a message that matches could be received, and leaves it there.
    ///
    /// - Parameters:
    ///   - source: the sender, nil for any.
    ///   - tag: nil for any.
    public func probe(from source: Int? = nil, tag: Int? = nil) throws(MPIError) -> MessageInfo {
        var status = MPI_Status()
        try check(
            cmpi_probe(wireSource(source), wireTag(tag), handle, &status), site("MPI_Probe", peer: source, tag: tag))
        return MessageInfo(status)
    }

    /// As `probe`, but polls, and stops when `shouldStop` returns true; it is called about every 100 microseconds.
    /// - Throws: `.stopped` then.
    public func probe(
        from source: Int? = nil, tag: Int? = nil, unless shouldStop: () -> Bool
    ) throws(MPIError) -> MessageInfo {
        var patience = Patience()
        while true {
            if let found = try probeNow(from: source, tag: tag) { return found }
            if patience.isTimeToAsk(), shouldStop() { throw site("MPI_Iprobe", peer: source, tag: tag).error(.stopped) }
            patience.pause()
        }
    }

    /// A message that could be received at once, nil if none has arrived.
    public func probeNow(from source: Int? = nil, tag: Int? = nil) throws(MPIError) -> MessageInfo? {
        var status = MPI_Status()
        var found: Int32 = 0
        try check(
            cmpi_iprobe(wireSource(source), wireTag(tag), handle, &found, &status),
            site("MPI_Iprobe", peer: source, tag: tag))
        return found != 0 ? MessageInfo(status) : nil
    }

    /// Lets MPI do what others need of this rank, such as one-sided access to its memory.
    public func lookAround() throws(MPIError) { _ = try probeNow() }

    func wireSource(_ source: Int?) -> Int32 { source.map(wireRank) ?? cmpi_any_source() }

    /// A rank as MPI counts it; a negative one, or one beyond 32 bits, stays invalid, and MPI reports it.
    func wireRank(_ rank: Int) -> Int32 { rank >= 0 ? Int32(exactly: rank) ?? .min : .min }

    func wireTag(_ tag: Int?) -> Int32 { tag.map(wireTag) ?? cmpi_any_tag() }

    func wireTag(_ tag: Int) -> Int32 { tag >= 0 ? Int32(exactly: tag) ?? .min : .min }
}
