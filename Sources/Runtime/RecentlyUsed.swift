/// A few values by key; when there is no more room, the one that was not used for longest goes.
///
/// For a handful of values: finding the oldest looks at all of them.
struct RecentlyUsed<Key: Hashable, Value> {
    private struct Entry {
        let value: Value
        var lastUse: Int
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var clock = 0

    /// - Precondition: `limit` is positive.
    init(limit: Int) {
        precondition(limit > 0)
        self.limit = limit
    }

    var count: Int { entries.count }

    /// The value of a key, made when it is not there.
    mutating func value(for key: Key, make: () throws -> Value) rethrows -> Value {
        clock += 1
        if let index = entries.index(forKey: key) {
            entries.values[index].lastUse = clock
            return entries.values[index].value
        }
        // Room first: two large values need not exist at once.
        if entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
        }
        let value = try make()
        entries[key] = Entry(value: value, lastUse: clock)
        return value
    }
}
