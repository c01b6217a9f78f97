/// The extents of a dense row-major tensor, outermost first; a scalar has none.
public struct Shape: Hashable, Sendable, Codable, ExpressibleByArrayLiteral, CustomStringConvertible {
    public let dimensions: [Int]

    /// - Precondition: no extent is negative and the product fits in an `Int`. Check input from outside with
    ///   `Shape(checking:)`.
    public init(_ dimensions: [Int]) {
        precondition(Shape.elementCount(dimensions) != nil, "impossible extents \(dimensions)")
        self.dimensions = dimensions
    }

    /// A shape from extents of outside input: nil where one is negative or the element count overflows.
    public init?(checking dimensions: [Int]) {
        guard Shape.elementCount(dimensions) != nil else { return nil }
        self.dimensions = dimensions
    }

    public init(arrayLiteral elements: Int...) { self.init(elements) }

    public init(from decoder: any Decoder) throws {
        let extents = try [Int](from: decoder)
        guard let shape = Shape(checking: extents) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "impossible extents \(extents)"))
        }
        self = shape
    }

    public func encode(to encoder: any Encoder) throws { try dimensions.encode(to: encoder) }

    public var rank: Int { dimensions.count }
    public var elementCount: Int { dimensions.reduce(1, *) }
    public subscript(_ axis: Int) -> Int { dimensions[axis] }

    /// Elements from one index of an axis to the next, for each axis.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * dimensions[axis + 1]
        }
        return strides
    }

    /// The product of the extents over a range of axes.
    public func elementCount(over axes: Range<Int>) -> Int { dimensions[axes].reduce(1, *) }

    public var description: String {
        rank == 0 ? "scalar" : dimensions.map(String.init).joined(separator: "x")
    }

    /// The most elements that a tensor may claim: 2^42, past any node's memory, so that sizes of
    /// any dtype, and the sums of those of a whole model, stay far from overflow.
    static let elementLimit = 1 << 42

    private static func elementCount(_ dimensions: [Int]) -> Int? {
        var count = 1
        var hasZero = false
        for extent in dimensions {
            guard extent >= 0, extent <= elementLimit else { return nil }
            if extent == 0 {
                hasZero = true
                continue
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= elementLimit else { return nil }
            count = product
        }
        return hasZero ? 0 : count
    }
}
