public import Tensors

/// Takes the items of one output, in any order, and makes a file of them in the order of the inputs.
///
/// Nothing is seen under the file's name before `publish`. Not for use from several threads at once.
protocol OutputSink: AnyObject {
    var file: AtomicFile { get }
    /// Items that have not been written yet.
    var missingCount: Int { get }

    /// - Parameter tensor: `[items.count, ...]`
    func write(items: [Int], from tensor: Tensor) throws(FileError)
    /// Called once all items are there, before the file is sealed.
    func finish() throws(FileError)
}

/// What the model says of one of its outputs.
public struct ModelOutput: Sendable, Hashable {
    public let name: String
    /// Without the batch axis; nil where items differ in shape.
    public let itemType: TensorType?

    public init(name: String, itemType: TensorType?) {
        self.name = name
        self.itemType = itemType
    }
}
