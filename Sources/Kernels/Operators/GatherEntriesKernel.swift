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
            for entry in range {
                MemoryMovement.copy(
                    data + addressing.offset(entry, indices) * bytes, to: result + entry * blockBytes,
                    byteCount: blockBytes)
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
