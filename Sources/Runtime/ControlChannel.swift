public import MPI

/// How ranks tell one another that one of them has failed, beside the messages of the job.
///
/// A rank that fails sends its reason to all others; ranks that wait for a message look for such reasons meanwhile, so
/// that nobody waits for somebody who will not come. In the end all ranks agree on what happened.
public final class ControlChannel {
    private let communicator: Communicator
    private var heardFrom: Set<Int> = []
    private var hasAnnounced = false
    /// The first failure of another rank that this rank has heard of.
    public private(set) var remoteFailure: RemoteFailure?

    private static let tag = 1
    // Below every eager limit, so that sending never waits for the receiver.
    private static let longestReason = 1024

    /// - Parameter world: all ranks call this together; the channel has a communicator of its own.
    public init(world: Communicator) throws(MPIError) { communicator = try world.duplicate() }

    public var rank: Int { communicator.rank }
    public var size: Int { communicator.size }

    /// Whether another rank has failed; looks for news each time.
    public func hasRemoteFailure() -> Bool {
        if remoteFailure != nil { return true }
        // A channel that fails itself is no reason to give up a job that runs.
        guard let info = try? communicator.probeNow(tag: ControlChannel.tag),
            let message = try? communicator.receiveBytes(from: info.source, tag: ControlChannel.tag)
        else { return false }
        heardFrom.insert(info.source)
        remoteFailure = RemoteFailure(rank: info.source, reason: String(decoding: message.bytes, as: UTF8.self))
        return true
    }

    /// Tells all other ranks why this one stops.
    public func announce(_ reason: String) {
        guard !hasAnnounced else { return }
        hasAnnounced = true
        let bytes = Array(reason.utf8.prefix(ControlChannel.longestReason))
        for other in 0..<size where other != rank {
            try? communicator.send(bytes, to: other, tag: ControlChannel.tag)
        }
    }

    /// All ranks call this at the end of a phase; it returns when all have.
    ///
    /// - Parameter failure: what went wrong on this rank itself, if anything.
    /// - Returns: what went wrong on all ranks, in their order. Empty when the phase succeeded everywhere.
    public func agree(failure: String?) throws(MPIError) -> [RemoteFailure] {
        let status = [UInt8(hasAnnounced ? 1 : 0), UInt8(failure == nil ? 0 : 1)] + Array((failure ?? "").utf8)
        let statuses = try communicator.allGather(bytes: status)
        var failures: [RemoteFailure] = []
        for (other, status) in statuses.enumerated() where status.count >= 2 {
            // Take what was announced and not yet heard, so that no message is left over.
            if other != rank, status[0] == 1, heardFrom.insert(other).inserted {
                _ = try communicator.receiveBytes(from: other, tag: ControlChannel.tag)
            }
            if status[1] == 1 {
                failures.append(
                    RemoteFailure(rank: other, reason: String(decoding: status.dropFirst(2), as: UTF8.self)))
            }
        }
        return failures
    }
}

/// What went wrong, and on which rank.
public struct RemoteFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let rank: Int
    public let reason: String

    public init(rank: Int, reason: String) {
        self.rank = rank
        self.reason = reason
    }

    public var description: String { "rank \(rank): \(reason)" }
}
