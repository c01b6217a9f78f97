/// A call into MPI that did not do what was asked: which call, on which rank, with which peer and tag, and why.
public struct MPIError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        /// MPI refused or failed; the text is its own (`MPI_Error_string`).
        case library(code: Int, text: String)
        /// The message has more bytes than the receiver made room for; `sent` is nil where MPI does not tell. Where the
        /// receive was begun before the message arrived, memory after the buffer may be damaged: end the job.
        case messageTooLong(capacity: Int, sent: Int?)
        /// The message has fewer bytes than the receiver asked for.
        case messageTooShort(expected: Int, sent: Int)
        /// The message has fewer bytes than the receiver made room for, as allowed, but not a whole number of rows.
        case messageTorn(rowByteCount: Int, sent: Int)
        /// The wait was ended because its `shouldStop` returned true.
        case stopped
        /// This MPI cannot be called in the way that was asked for.
        case threadLevel(wanted: ThreadLevel, provided: ThreadLevel)
        /// A launcher has started several processes that MPI does not see as one job, as the text says.
        case notOneJob(String)
        /// The call makes no sense now, as the text says.
        case misuse(String)
    }

    /// MPI's name of the call, such as `MPI_Isend`.
    public let call: String
    /// The rank that made the call, counted in the communicator that it was made on.
    public let rank: Int?
    /// The rank on the other side of a message, or the root of a collective, counted in the same communicator.
    public let peer: Int?
    public let tag: Int?
    public let reason: Reason

    public init(call: String, rank: Int?, peer: Int?, tag: Int?, reason: Reason) {
        self.call = call
        self.rank = rank
        self.peer = peer
        self.tag = tag
        self.reason = reason
    }

    public var description: String {
        var place = call
        if let rank { place += " on rank \(rank)" }
        if let peer { place += ", peer \(peer)" }
        if let tag { place += ", tag \(tag)" }
        return "\(place): \(reason)"
    }
}

extension MPIError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .library(_, let text): text
        case .messageTooLong(let capacity, let sent):
            "the message has \(sent.map(String.init) ?? "more") bytes, the receiver has room for \(capacity): "
                + "both sides must agree on dtype and shape"
        case .messageTooShort(let expected, let sent):
            "the message has \(sent) bytes, the receiver asked for \(expected): "
                + "both sides must agree on dtype and shape"
        case .messageTorn(let rowByteCount, let sent):
            "the message has \(sent) bytes, which is no whole number of rows of \(rowByteCount) bytes"
        case .stopped: "the wait was broken off"
        case .threadLevel(let wanted, let provided):
            "this MPI offers the thread level \(provided), and \(wanted) is needed: use an MPI built with threads"
        case .misuse(let text), .notOneJob(let text): text
        }
    }
}
