public import Tensors

/// How the items of a job become microbatches. Items whose inputs have the same shapes travel together.
public struct InputBatching: Sendable, Codable, Hashable {
    /// What one input of the graph is for an item.
    public struct InputForm: Sendable, Codable, Hashable {
        /// Of one item, without the axis that counts them; of the whole input where `countsItems` is false.
        public let type: TensorType
        /// Whether a first axis counts the items of a microbatch. State that is carried along has none, and neither has
        /// an input that is one item as a whole: microbatches hold one item then.
        public let countsItems: Bool

        public init(_ type: TensorType, countsItems: Bool = true) {
            self.type = type
            self.countsItems = countsItems
        }
    }

    /// Items whose inputs have the same shapes.
    public struct ShapeClass: Sendable, Codable, Hashable {
        /// One for each input of the graph.
        public let inputs: [InputForm]
        /// Places in the order in which items are taken.
        public let places: Range<Int>

        public init(inputs: [InputForm], places: Range<Int>) {
            self.inputs = inputs
            self.places = places
        }
    }

    /// What microbatches have in common that are computed by the same programs.
    public struct Variant: Sendable, Codable, Hashable {
        /// Index of the shape class.
        public let shapeClass: Int
        /// Items in the microbatch.
        public let itemCount: Int

        public init(shapeClass: Int, itemCount: Int) {
            self.shapeClass = shapeClass
            self.itemCount = itemCount
        }
    }

    /// Items in a full microbatch.
    public let microbatchSize: Int
    public let itemCount: Int
    /// In the order in which they are taken.
    public let classes: [ShapeClass]
    /// The items in the order in which they are taken; nil where that is their own.
    public let order: [Int]?
    /// By item: how soon it is wanted; empty where none is more urgent than another.
    public let urgencies: [Urgency]
    /// By class: its first microbatch.
    private let firstMicrobatch: [Int]

    /// - Precondition: the classes cover the places `0..<itemCount` in order, and `order` is a permutation of them.
    public init(
        classes: [ShapeClass], microbatchSize: Int, itemCount: Int, order: [Int]? = nil, urgencies: [Urgency] = []
    ) {
        precondition(microbatchSize > 0 && order?.count ?? itemCount == itemCount)
        precondition(urgencies.isEmpty || urgencies.count == itemCount)
        self.urgencies = urgencies
        var place = 0
        var microbatch = 0
        var first: [Int] = []
        for shapeClass in classes {
            precondition(shapeClass.places.lowerBound == place, "the classes leave items out")
            place = shapeClass.places.upperBound
            first.append(microbatch)
            microbatch += (shapeClass.places.count + microbatchSize - 1) / microbatchSize
        }
        precondition(place == itemCount, "the classes leave items out")
        self.classes = classes
        self.microbatchSize = microbatchSize
        self.itemCount = itemCount
        self.order = order
        firstMicrobatch = first
        microbatchCount = microbatch
    }

    /// Items that all have the same shapes, in their own order.
    public init(itemTypes: [TensorType], microbatchSize: Int, itemCount: Int) {
        self.init(
            classes: [ShapeClass(inputs: itemTypes.map { InputForm($0) }, places: 0..<itemCount)],
            microbatchSize: microbatchSize, itemCount: itemCount)
    }

    public let microbatchCount: Int

    /// The items of a microbatch. The last microbatch of a class may have fewer than the others.
    public func items(of microbatch: Int) -> [Int] {
        let places = places(of: microbatch)
        return order.map { Array($0[places]) } ?? Array(places)
    }

    /// How soon the first of its items is wanted.
    public func urgency(of microbatch: Int) -> Urgency {
        guard !urgencies.isEmpty else { return Urgency() }
        let items = items(of: microbatch)
        return items.dropFirst().reduce(urgencies[items[0]]) { $0.joined(urgencies[$1]) }
    }

    public func variant(of microbatch: Int) -> Variant {
        Variant(shapeClass: shapeClass(of: microbatch), itemCount: places(of: microbatch).count)
    }

    /// The types of the graph's inputs for the microbatches of a variant.
    public func inputTypes(of variant: Variant) -> [TensorType] {
        classes[variant.shapeClass].inputs.map { input in
            guard input.countsItems else { return input.type }
            return TensorType(input.type.dtype, Shape([variant.itemCount] + input.type.shape.dimensions))
        }
    }

    /// All variants that there are, in the order in which they first occur.
    public var variants: [Variant] {
        classes.indices.flatMap { index in
            let count = classes[index].places.count
            let sizes = [min(count, microbatchSize), count > microbatchSize ? count % microbatchSize : 0]
            return sizes.filter { $0 > 0 }.map { Variant(shapeClass: index, itemCount: $0) }
        }
    }

    /// A full microbatch of the class that most elements are in: what a plan is made for. One without items where there
    /// is nothing to do.
    public var representative: Variant {
        func weight(_ shapeClass: ShapeClass) -> Double {
            Double(shapeClass.places.count)
                * shapeClass.inputs.reduce(1) { $0 + Double($1.type.shape.elementCount) }
        }
        let heaviest = classes.indices.max { weight(classes[$0]) < weight(classes[$1]) } ?? 0
        return Variant(shapeClass: heaviest, itemCount: microbatchSize)
    }

    private func shapeClass(of microbatch: Int) -> Int {
        precondition(microbatch >= 0 && microbatch < microbatchCount, "there is no microbatch \(microbatch)")
        // Empty classes share their first microbatch with the next one: the last that begins in time is meant.
        var low = 0
        var high = firstMicrobatch.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstMicrobatch[middle] <= microbatch { low = middle } else { high = middle }
        }
        return low
    }

    private func places(of microbatch: Int) -> Range<Int> {
        let index = shapeClass(of: microbatch)
        let places = classes[index].places
        let start = places.lowerBound + (microbatch - firstMicrobatch[index]) * microbatchSize
        return start..<min(places.upperBound, start + microbatchSize)
    }
}
