/// What is known of the microbatches of a job before they are computed: one row for each. Rows can be added, never changed.
public struct WorkTable: Sendable, Codable, Hashable {
    /// Relative to that of a full microbatch.
    public private(set) var sizes: [Float] = []
    /// Microbatches with equal numbers have equal shapes.
    public private(set) var shapes: [Int32] = []
    /// The order in which they are to be begun; empty where that is the order of the rows.
    public private(set) var order: [Int32] = []

    public var count: Int { sizes.count }

    public init() {}

    /// This number of microbatches that are all alike.
    public init(alike count: Int) {
        sizes = [Float](repeating: 1, count: count)
        shapes = [Int32](repeating: 0, count: count)
    }

    public mutating func append(size: Double, shape: Int) {
        sizes.append(Float(size))
        shapes.append(Int32(shape))
    }

    /// - Precondition: a permutation of the rows.
    public mutating func setOrder(_ order: [Int]) {
        precondition(order.count == count)
        self.order = order.enumerated().allSatisfy { $0 == $1 } ? [] : order.map(Int32.init)
    }

    /// The first rows. Their order is kept.
    public func prefix(_ count: Int) -> WorkTable {
        guard count < self.count else { return self }
        var table = WorkTable()
        table.sizes = Array(sizes.prefix(count))
        table.shapes = Array(shapes.prefix(count))
        table.order = order.filter { $0 < count }
        return table
    }

    /// The microbatches in the order in which they are to be begun.
    var sequence: [Int32] { order.isEmpty ? (0..<Int32(count)).map { $0 } : order }
}
