public import Tensors

/// How many items a model got right: the class of the largest value against the label.
public struct Accuracy: Sendable, Hashable {
    public private(set) var correctCount = 0
    public private(set) var count = 0

    public init() {}

    /// From 0 to 1; nil before there is any item.
    public var fraction: Double? { count == 0 ? nil : Double(correctCount) / Double(count) }

    /// - Parameters:
    ///   - items: which items, an index of `labels` each.
    ///   - tensor: `[items.count, classes]`, axes of extent 1 let pass.
    public mutating func add(items: some Collection<Int>, from tensor: Tensor, labels: Labels) {
        let itemShape = Shape(Array(tensor.shape.dimensions.dropFirst()))
        for (offset, item) in items.enumerated() {
            let best = ClassRanking.best(1, of: tensor.slice(offset..<offset + 1).reshaped(itemShape))
            correctCount += best == [labels.classes[item]] ? 1 : 0
        }
        count += items.count
    }
}
