internal import CMPI
internal import Tensors

/// The channel on which a rank that fails tells the others, so that none waits for it forever.
///
/// It has a communicator of its own, so its messages never mix with others. `isRaised` is meant as the argument
/// `unless:` of waits. A rank that died without sending a notice is not noticed here.
public final class FailureChannel {
    /// Who has failed, and how.
    public struct Notice: Sendable, Hashable {
        public let rank: Int
        public let text: String
    }

    /// The first failure announced, by another rank or by this one.
    public private(set) var notice: Notice?
    private let communicator: Communicator

    /// The longest text in bytes of UTF-8; a longer one is cut. Short messages are sent at once, whether or not their
    /// receive is posted.
    public static let textLimit = 2000
    private static let tag = 0

    /// Collective.
    public init(on communicator: Communicator) throws(MPIError) {
        self.communicator = try communicator.duplicate()
    }

    /// Looks for a notice from any rank, and tells whether one has arrived so far. Cheap; does not wait.
    public var isRaised: Bool {
        if notice != nil { return true }
        // A channel that no longer works is a failure too.
        do throws(MPIError) {
            guard let (bytes, info) = try communicator.receiveBytesNow(from: nil, tag: FailureChannel.tag) else {
                return false
            }
            notice = Notice(rank: info.source, text: String(decoding: bytes, as: UTF8.self))
        } catch {
            notice = Notice(rank: communicator.rank, text: "the failure channel has failed: \(error)")
        }
        return true
    }

    /// Tells all other ranks that this one has failed. Takes at most a second, in whatever state the others are.
    public func announce(_ text: String) {
        if notice == nil { notice = Notice(rank: communicator.rank, text: text) }
        let bytes = Tensor(Array(text.utf8.prefix(FailureChannel.textLimit)))
        var slots = TransferSlots(capacity: communicator.size)
        for peer in 0..<communicator.size where peer != communicator.rank {
            // A rank that cannot be told is skipped: the others should still be told.
            try? slots.post(send: bytes, to: peer, tag: FailureChannel.tag, on: communicator, slot: peer)
        }
        let deadline = MPI_Wtime() + 1
        while slots.outstandingCount > 0, MPI_Wtime() < deadline {
            guard (try? slots.waitForAny { MPI_Wtime() >= deadline }) != nil else { break }
        }
        slots.abandonAll()
    }
}
