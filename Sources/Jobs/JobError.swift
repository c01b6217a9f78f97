/// Why a job cannot be done, in words for its user: what is wrong, where, and what would help.
public struct JobError: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
