/// Where a rank gets its actions from: a list that was made before, or a source that decides while the job runs.
public protocol ActionSource {
    /// The next thing to do; nil once there is nothing left.
    mutating func next() throws -> Action?
}

/// A list that was made before the run.
public struct ActionList: ActionSource, Sendable {
    private let actions: [Action]
    private var place = 0

    public init(_ actions: [Action]) { self.actions = actions }

    public mutating func next() -> Action? {
        guard place < actions.count else { return nil }
        defer { place += 1 }
        return actions[place]
    }
}
