/// What a pass over a graph did.
public struct PassOutcome: Sendable, Hashable, Codable {
    public let name: String
    /// Places that it changed.
    public let count: Int

    public init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}
