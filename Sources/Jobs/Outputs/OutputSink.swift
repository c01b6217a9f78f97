public import Tensors

/// Takes the items of some outputs, in any order, and makes files of them.
///
/// Nothing is seen under the files' names before their folder is published. Not for use from several threads at once.
protocol OutputSink: AnyObject {
    /// Of the file; of the folder, with a slash behind it, where there is a file for each item.
    var path: String { get }
    /// Items that have not been written yet.
    var missingCount: Int { get }

    /// - Parameters:
    ///   - output: one of those that the sink was made for.
    ///   - tensor: `[items.count, ...]`
    func write(_ output: String, items: [Int], from tensor: Tensor) throws(FileError)
    /// Called once all items are there: ends the writing of the files.
    func seal() throws(FileError)
}

/// What the model says of one of its outputs.
public struct ModelOutput: Sendable, Hashable {
    public let name: String
    /// Without the batch axis; nil where items differ in shape, and where only the run can tell their shapes.
    public let itemType: TensorType?
    /// Whether only the run can tell whether the items have one shape.
    public let isOpen: Bool
    /// What the model calls the values of an item, where it does.
    public let columnNames: [String]?

    public init(name: String, itemType: TensorType?, isOpen: Bool = false, columnNames: [String]? = nil) {
        self.name = name
        self.itemType = itemType
        self.isOpen = isOpen
        self.columnNames = columnNames
    }
}
