/// The place of a value (a tensor that flows or is constant) in its graph's list of values.
public struct ValueID: Hashable, Sendable, Codable, Comparable {
    public let index: Int
    public init(_ index: Int) { self.index = index }
    public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
    public init(from decoder: any Decoder) throws { index = try Int(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try index.encode(to: encoder) }
}

/// The place of a node in its graph's list of nodes, which is a topological order.
public struct NodeID: Hashable, Sendable, Codable, Comparable {
    public let index: Int
    public init(_ index: Int) { self.index = index }
    public static func < (left: NodeID, right: NodeID) -> Bool { left.index < right.index }
    public init(from decoder: any Decoder) throws { index = try Int(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try index.encode(to: encoder) }
}
