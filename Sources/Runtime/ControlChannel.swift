public import MPI

/// How ranks of a job learn of one another's failures, so that no rank waits for one that has failed, and agree at the
/// end on what happened.
public final class ControlChannel {
    private let world: Communicator
    private let failures: FailureChannel

    /// All ranks call this together.
    public init(world: Communicator) throws(MPIError) {
        self.world = world
        failures = try FailureChannel(on: world)
    }

    /// The failure of another rank that this rank knows of.
    public var remoteFailure: RemoteFailure? {
        guard let notice = failures.notice, notice.rank != world.rank else { return nil }
        return RemoteFailure(rank: notice.rank, reason: notice.text)
    }

    /// Whether a rank has failed; looks for new notices each time. Meant as the argument `unless:` of waits.
    public func hasRemoteFailure() -> Bool { failures.isRaised }

    /// Tells all other ranks why this one stops.
    public func announce(_ reason: String) { failures.announce(reason) }

    /// All ranks call this at the end of a phase; it returns when all have.
    ///
    /// - Parameter failure: what went wrong on this rank itself, if anything.
    /// - Returns: what went wrong on all ranks, in their order. Empty when the phase succeeded everywhere.
    public func agree(failure: String?) throws(MPIError) -> [RemoteFailure] {
        let statuses = try world.allGather(bytes: [failure == nil ? 0 : 1] + Array((failure ?? "").utf8))
        return statuses.enumerated().compactMap { rank, status in
            guard status.first == 1 else { return nil }
            return RemoteFailure(rank: rank, reason: String(decoding: status.dropFirst(), as: UTF8.self))
        }
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
