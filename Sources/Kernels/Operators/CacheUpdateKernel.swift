internal import Graphs
internal import Tensors

/// A cache with slices written along one axis, from another place for each batch entry.
struct CacheUpdateKernel: Kernel {
    /// Axes between the batch and the sequence.
    let batch: Int
    let outer: Int
    /// Extents of the sequence axis.
    let cacheLength: Int
    let updateLength: Int
    /// Bytes of one entry of the sequence axis.
    let entryBytes: Int
    let wraps: Bool
    let hasStarts: Bool

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let starts = hasStarts ? operands.input(2, as: Int64.self) : nil  // [batch]
        for entry in 0..<batch {
            let start = starts.map { $0[entry] } ?? 0
            guard start >= 0, wraps || start <= Int64(cacheLength - updateLength) else {
                throw KernelError(
                    "\(updateLength) entries from place \(start) on do not fit a cache of \(cacheLength)")
            }
        }
        let cacheBytes = cacheLength * entryBytes
        if operands.inputs[0] != operands.outputs[0] {
            MemoryMovement.copy(
                operands.inputs[0]!, to: operands.outputs[0]!, byteCount: batch * outer * cacheBytes, context)
        }
        guard entryBytes > 0, cacheLength > 0 else { return }
        let update = operands.inputs[1]!  // [batch, outer, updateLength, entry]
        let result = operands.outputs[0]!  // [batch, outer, cacheLength, entry]
        let (outer, length, bytes) = (outer, cacheLength, entryBytes)
        for plane in 0..<(batch * outer) {
            let start = starts.map { Int($0[plane / outer] % Int64(length)) } ?? 0
            for index in 0..<updateLength {
                MemoryMovement.copy(
                    update + (plane * updateLength + index) * bytes,
                    to: result + plane * cacheBytes + (start + index) % length * bytes, byteCount: bytes)
            }
        }
    }
}

extension CacheUpdate {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let cache = request.inputTypes[0]!
        let axis = try normalizedAxis(axis, rank: cache.shape.rank)
        return CacheUpdateKernel(
            batch: cache.shape[0], outer: cache.shape.elementCount(over: 1..<axis), cacheLength: cache.shape[axis],
            updateLength: request.inputTypes[1]!.shape[axis],
            entryBytes: cache.shape.elementCount(over: (axis + 1)..<cache.shape.rank) * cache.dtype.byteCount,
            wraps: wraps, hasStarts: request.has(2))
    }
}
