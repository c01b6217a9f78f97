internal import CMPI
internal import Tensors

/// The way on which a rank that fails tells the others, so that none waits for it for ever.
///
/// It has a communicator of its own: its messages meet no others. `isRaised` is made to be what a wait asks with
/// `unless:`. A rank that died without a word is not noticed here.
public final class FailureChannel {
    /// Who has failed, and how.
    public struct Notice: Sendable, Hashable {
        public let rank: Int
        public let text: String
    }

    /// The first failure announced, by another rank or by this one.
    public private(set) var notice: Notice?
    private let communicator: Communicator

    /// The longest text in bytes of UTF-8; a longer one is cut. Short messages are on their way at once, whether or not
    /// the receiver is listening.
    public static let textLimit = 2000
    private static let tag = 0

    /// Collective.
    public init(on communicator: Communicator) throws(MPIError) {
        self.communicator = try communicator.duplicate()
    }

    /// Looks for a notice from any rank, and says whether there is one by now. Cheap; does not wait.
    public var isRaised: Bool {
        if notice != nil { return true }
        // A channel that does not work any more is a failure too.
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

    /// Tells all other ranks that this one has failed. Takes at most a second, whatever state the others are in.
    public func announce(_ text: String) {
        if notice == nil { notice = Notice(rank: communicator.rank, text: text) }
        let bytes = Tensor(Array(text.utf8.prefix(FailureChannel.textLimit)))
        var slots = TransferSlots(capacity: communicator.size)
        for peer in 0..<communicator.size where peer != communicator.rank {
            // Who cannot be told is left out: the others should still hear it.
            try? slots.post(send: bytes, to: peer, tag: FailureChannel.tag, on: communicator, slot: peer)
        }
        let deadline = MPI_Wtime() + 1
        while slots.outstandingCount > 0, MPI_Wtime() < deadline {
            guard (try? slots.waitForAny { MPI_Wtime() >= deadline }) != nil else { break }
        }
        slots.abandonAll()
    }
}
