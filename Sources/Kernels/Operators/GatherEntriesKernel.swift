internal import Graphs
internal import Tensors

/// The elements or slices of the data that each entry of the indices points to.
struct GatherEntriesKernel: Kernel {
    let addressing: IndexAddressing
    let elementByteCount: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let data = operands.inputs[0]!
        let result = operands.outputs[0]!  // [entries, blockCount]
        let indices = addressing.indices(operands.inputs[1]!)
        let addressing = addressing
        let bytes = elementByteCount
        let blockBytes = addressing.blockCount * bytes
        guard blockBytes > 0 else { return }
        try addressing.check(indices)
        context.parallelRanges(addressing.count, cost: max(8, blockBytes / 8)) { range in
            // None points outside: that was checked.
            switch blockBytes {
            case 4 where bytes == 4:
                let (from, to) = (
                    data.assumingMemoryBound(to: UInt32.self), result.assumingMemoryBound(to: UInt32.self)
                )
                _ = addressing.forEach(in: range, indices) { entry, offset in to[entry] = from[offset] }
            case 8 where bytes == 8:
                let (from, to) = (
                    data.assumingMemoryBound(to: UInt64.self), result.assumingMemoryBound(to: UInt64.self)
                )
                _ = addressing.forEach(in: range, indices) { entry, offset in to[entry] = from[offset] }
            default:
                _ = addressing.forEach(in: range, indices) { entry, offset in
                    MemoryMovement.copy(data + offset * bytes, to: result + entry * blockBytes, byteCount: blockBytes)
                }
            }
        }
    }
}

extension GatherElements {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let data = request.inputTypes[0]!
        let axis = try normalizedAxis(axis, rank: data.shape.rank)
        return GatherEntriesKernel(
            addressing: IndexAddressing(data: data.shape, indices: request.inputTypes[1]!, axis: axis),
            elementByteCount: data.dtype.byteCount)
    }
}

extension GatherND {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let data = request.inputTypes[0]!
        return GatherEntriesKernel(
            addressing: IndexAddressing(data: data.shape, tuples: request.inputTypes[1]!, batchAxes: batchAxes),
            elementByteCount: data.dtype.byteCount)
    }
}
