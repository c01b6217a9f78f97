internal import Graphs
internal import Tensors

extension Compress {
    /// The slices of `data` where `condition`, a vector of truth values, is true.
    func evaluate(_ data: Tensor, condition: Tensor) throws -> Tensor {
        let flat = data.reshaped([data.elementCount])
        let source = axis == nil ? flat : data
        let axis = try normalizedAxis(axis ?? 0, rank: source.shape.rank)
        let extent = source.shape[axis]
        let picked = condition.withBytes { bytes in bytes.indices.filter { bytes[$0] != 0 } }
        if let last = picked.last, last >= extent {
            throw KernelError("the condition picks index \(last) of an axis of extent \(extent)")
        }
        var dimensions = source.shape.dimensions
        dimensions[axis] = picked.count
        let result = try NodeRunners.tensor(TensorType(data.dtype, try checkedShape(dimensions)), for: "Compress")
        let rows = source.shape.elementCount(over: 0..<axis)
        let blockBytes = source.shape.elementCount(over: (axis + 1)..<source.shape.rank) * data.dtype.byteCount
        guard blockBytes > 0 else { return result }
        // [rows, extent, blockBytes] to [rows, picked.count, blockBytes]
        for row in 0..<rows {
            for (position, index) in picked.enumerated() {
                MemoryMovement.copy(
                    source.pointer + (row * extent + index) * blockBytes,
                    to: result.pointer + (row * picked.count + position) * blockBytes, byteCount: blockBytes)
            }
        }
        withExtendedLifetime(source) {}
        return result
    }
}
