public import Tensors

/// Where the items of one input of the model come from; what it gives is known before anything is read.
public protocol InputSource: Sendable {
    /// How many items, and what they are called.
    var itemNames: ItemNames { get }
    /// dtype and shape of one item, without the batch axis.
    var itemType: TensorType { get }
    /// What the user should know although the job goes on; a line each.
    var warnings: [String] { get }

    /// Reads items into a tensor of `[items.count, ...]` and of the item's dtype and shape.
    func read(items: Range<Int>, into tensor: Tensor) throws(FileError)
}

extension InputSource {
    public var count: Int { itemNames.count }

    /// What `read` may be called with.
    func check(_ items: Range<Int>, _ tensor: Tensor) {
        precondition(
            items.lowerBound >= 0 && items.upperBound <= count
                && tensor.type == TensorType(itemType.dtype, Shape([items.count] + itemType.shape.dimensions)),
            "items \(items) of \(count), each \(itemType), do not go into \(tensor.type)")
    }
}

/// What the items of a job are called: files by name, rows of an array by number.
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
    /// Without the batch axis; nil for an extent that the model leaves open.
    public let itemDimensions: [Int?]

    public init(name: String, dtype: DType, itemDimensions: [Int?]) {
        self.name = name
        self.dtype = dtype
        self.itemDimensions = itemDimensions
    }
}

/// An input of the job that does not fit, or cannot be read.
public struct InputError: Error, Sendable, CustomStringConvertible {
    /// The input's name; empty where all of them are meant.
    public let input: String
    public let reason: String

    public var description: String { input.isEmpty ? reason : "input '\(input)': \(reason)" }
}
