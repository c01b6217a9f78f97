/// What is wrong with a model file: which file, where in it, and what to do about it.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    public let path: String
    /// In bytes from the start of the file, where that is known.
    public let offset: Int?
    public let reason: String

    public init(path: String, offset: Int? = nil, reason: String) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "\(path)\(offset.map { ", byte \($0)" } ?? ""): \(reason)" }
}
