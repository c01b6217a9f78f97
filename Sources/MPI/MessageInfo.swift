internal import CMPI

/// What is known of a message before or after it is received: who sent it, under which tag, how long it is.
public struct MessageInfo: Sendable, Hashable {
    /// The sender's rank.
    public let source: Int
    public let tag: Int
    /// Of the whole message.
    public let byteCount: Int

    init(_ status: MPI_Status) {
        source = Int(status.MPI_SOURCE)
        tag = Int(status.MPI_TAG)
        byteCount = status.byteCount
    }
}
