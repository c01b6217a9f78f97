internal import Graphs
internal import Tensors

enum NonZeroEvaluation {
    /// int64 [rank, count], in row-major order of the elements.
    static func coordinates(of tensor: Tensor) throws -> Tensor {
        let flags = try isNonZero(tensor)
        let places = flags.indices.filter { flags[$0] }
        let shape = tensor.shape
        // A scalar counts as a vector of one.
        let extents = shape.rank == 0 ? [1] : shape.dimensions
        let type = TensorType(.int64, try checkedShape([extents.count, places.count]))
        let result = try NodeRunners.tensor(type, for: "NonZero")
        let coordinates = result.pointer.assumingMemoryBound(to: Int64.self)  // [rank, count]
        var stride = 1
        for axis in extents.indices.reversed() {
            for (column, place) in places.enumerated() {
                coordinates[axis * places.count + column] = Int64(place / stride % extents[axis])
            }
            stride *= extents[axis]
        }
        return result
    }

    private static func isNonZero(_ tensor: Tensor) throws -> [Bool] {
        struct Visitor: ElementVisitor {
            let tensor: Tensor
            func visit<Element: NumericElement>(_: Element.Type) throws -> [Bool] {
                tensor.withBytes { bytes in bytes.bindMemory(to: Element.self).map { $0 != .zero } }
            }
        }
        if tensor.dtype.isHalfPrecision {
            // All bits but the sign.
            return tensor.withBytes { bytes in bytes.bindMemory(to: UInt16.self).map { $0 & 0x7FFF != 0 } }
        }
        return try tensor.dtype.accept(Visitor(tensor: tensor))
    }
}
