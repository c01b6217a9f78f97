/// A few values by key; when there is no more room, the one that was not used for longest is removed.
///
/// For a few hundred values at most: finding the oldest looks at all of them.
public struct RecentlyUsed<Key: Hashable, Value> {
    private struct Entry {
        let value: Value
        var lastUse: Int
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var clock = 0

    /// - Precondition: `limit` is positive.
    public init(limit: Int) {
        precondition(limit > 0)
        self.limit = limit
    }

    public var count: Int { entries.count }

    /// Whether there is a value for a key; asking does not count as use.
    public func contains(_ key: Key) -> Bool { entries.index(forKey: key) != nil }

    /// The value kept for a key. Reading it counts as use.
    public subscript(key: Key) -> Value? {
        mutating get {
            guard let index = entries.index(forKey: key) else { return nil }
            clock += 1
            entries.values[index].lastUse = clock
            return entries.values[index].value
        }
        set {
            clock += 1
            entries[key] = nil
            guard let newValue else { return }
            if entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                entries[oldest.key] = nil
            }
            entries[key] = Entry(value: newValue, lastUse: clock)
        }
    }

    /// The value of a key, made when it is not there.
    public mutating func value(for key: Key, make: () throws -> Value) rethrows -> Value {
        if let value = self[key] { return value }
        let value = try make()
        self[key] = value
        return value
    }
}
