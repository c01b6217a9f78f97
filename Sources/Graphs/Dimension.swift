/// An extent of a graph input: a number, or a symbol (`batch`, `height`, ...) that gets its number when the graph is
/// bound to concrete shapes.
public enum Dimension: Hashable, Sendable, Codable, CustomStringConvertible {
    case fixed(Int)
    case symbol(String)

    public var description: String {
        switch self {
        case .fixed(let extent): String(extent)
        case .symbol(let name): name
        }
    }
}
