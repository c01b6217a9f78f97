internal import Tensors

/// What lines of text say about an item in addition to its values.
struct RowContext {
    let itemNames: ItemNames
    let labels: [Int]?
    let classNames: [String]?
    /// Nil: all values.
    let top: Int?
    /// What the model calls the values, one for each.
    let columnNames: [String]?
    /// Nil where items differ in shape.
    let itemShape: Shape?

    var hasNames: Bool { if case .files = itemNames { true } else { false } }
}
