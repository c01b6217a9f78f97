internal import Tensors

/// Puts the classes of an item in order.
enum ClassRanking {
    /// The classes with the largest values, best first; of equal ones the lower, NaN last.
    ///
    /// - Parameter tensor: a value for each class.
    static func best(_ count: Int, of tensor: Tensor) -> [Int] {
        let values = NumberText.values(of: tensor)
        if count == 1 {
            var best = 0
            for index in values.indices where comes(index, before: best, in: values) { best = index }
            return values.isEmpty ? [] : [best]
        }
        return Array(values.indices.sorted { comes($0, before: $1, in: values) }.prefix(count))
    }

    private static func comes(_ first: Int, before second: Int, in values: [Double]) -> Bool {
        switch (values[first].isNaN, values[second].isNaN) {
        case (true, true): first < second
        case (true, false): false
        case (false, true): true
        case (false, false):
            values[first] == values[second] ? first < second : values[first] > values[second]
        }
    }

    /// Whether an item of this shape is a list of values, one for each class.
    static func isRanking(_ shape: Shape) -> Bool { shape.elementCount > 0 && shape.dimensions.count { $0 != 1 } <= 1 }
}
