public import Tensors

/// How the items of a job become microbatches: the types of the model's inputs for any number of items.
public struct InputBatching: Sendable, Codable, Hashable {
    /// The type of each input of the graph for a full microbatch; the first axis counts items.
    public let fullTypes: [TensorType]
    /// Items in a full microbatch.
    public let microbatchSize: Int
    public let itemCount: Int

    /// - Precondition: each type has a first axis of `microbatchSize`.
    public init(fullTypes: [TensorType], microbatchSize: Int, itemCount: Int) {
        precondition(microbatchSize > 0 && fullTypes.allSatisfy { $0.shape.rank > 0 && $0.shape[0] == microbatchSize })
        self.fullTypes = fullTypes
        self.microbatchSize = microbatchSize
        self.itemCount = itemCount
    }

    public var microbatchCount: Int { (itemCount + microbatchSize - 1) / microbatchSize }

    /// The items of a microbatch; the last one may have fewer.
    public func items(of microbatch: Int) -> Range<Int> {
        microbatch * microbatchSize..<min(itemCount, (microbatch + 1) * microbatchSize)
    }

    /// The types of the graph's inputs for a microbatch of so many items.
    public func inputTypes(items: Int) -> [TensorType] {
        fullTypes.map { TensorType($0.dtype, Shape([items] + $0.shape.dimensions.dropFirst())) }
    }

    /// The sizes that microbatches have: the full one, and that of a shorter last one.
    public var sizes: [Int] {
        let rest = itemCount % microbatchSize
        if itemCount < microbatchSize { return itemCount > 0 ? [itemCount] : [] }
        return rest == 0 ? [microbatchSize] : [microbatchSize, rest]
    }
}
