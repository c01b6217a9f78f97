public import Planning
public import Tensors

/// Where the items of one input of the model come from; what it gives is known before anything is read.
public protocol InputSource: Sendable {
    /// How many items, and what they are called.
    var itemNames: ItemNames { get }
    var dtype: DType { get }
    /// The shape of one item, without the batch axis. Items of different shapes travel in different microbatches.
    func itemShape(_ item: Int) -> Shape
    /// The shape of every item, where the source knows at once that all have the same; nil to look at each.
    var commonShape: Shape? { get }
    /// Axes of an item that `read` can make longer than the item is, and the largest extent that each may get. Only
    /// where the model can tell what was added, by a mask.
    var paddingLimits: [Int: Int] { get }
    /// How soon each item is wanted; nil where nothing says so.
    var urgencies: [Urgency?]? { get }
    /// What the user should know although the job continues; a line each.
    var warnings: [String] { get }

    /// Reads items into a tensor of `[items.count, ...]`, of the items' dtype and shape, or longer along axes that can be
    /// padded.
    func read(items: [Int], into tensor: Tensor) throws(FileError)
}

extension InputSource {
    public var count: Int { itemNames.count }
    public var paddingLimits: [Int: Int] { [:] }
    public var commonShape: Shape? { nil }
    public var urgencies: [Urgency?]? { nil }

    /// What `read` may be called with, for items that are not padded.
    func check(_ items: [Int], _ tensor: Tensor) {
        precondition(tensor.dtype == dtype && tensor.shape.rank > 0 && tensor.shape[0] == items.count)
        let shape = Shape(Array(tensor.shape.dimensions.dropFirst()))
        for item in items {
            precondition(
                item >= 0 && item < count && itemShape(item) == shape, "item \(item) does not go into \(tensor.type)")
        }
    }
}

/// What the items of a job are called: files, and arrays of an archive, by name; rows of an array by number.
public enum ItemNames: Sendable, Hashable, Codable {
    case files([String])
    case rows(Int)

    public var count: Int {
        switch self {
        case .files(let names): names.count
        case .rows(let count): count
        }
    }

    /// The name of a file; nil for a row of an array.
    public subscript(item: Int) -> String? {
        if case .files(let names) = self { names[item] } else { nil }
    }
}

/// What the model says of one of its inputs.
public struct ModelInput: Sendable, Hashable {
    public let name: String
    public let dtype: DType
    /// Of one item: without the axis that counts items, where there is one; nil for an extent that the model leaves open.
    public let itemDimensions: [Int?]
    /// Whether the input has an axis that counts items.
    public let form: JobSpecification.ItemForm

    public init(name: String, dtype: DType, itemDimensions: [Int?], form: JobSpecification.ItemForm = .rows) {
        self.name = name
        self.dtype = dtype
        self.itemDimensions = itemDimensions
        self.form = form
    }
}

/// An input of the job that does not fit, or cannot be read.
public struct InputError: Error, Sendable, CustomStringConvertible {
    /// The input's name; empty where all of them are meant.
    public let input: String
    public let reason: String

    public var description: String { input.isEmpty ? reason : "input '\(input)': \(reason)" }
}
