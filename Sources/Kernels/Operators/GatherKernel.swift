internal import Graphs
internal import Tensors

/// Slices of the data along an axis at given indices.
struct GatherKernel: Kernel {
    /// Indices of the axes before the gathered one, taken as one.
    let rows: Int
    let extent: Int
    let indexCount: Int
    let indexType: DType
    /// Bytes of the axes behind, which move together.
    let blockBytes: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let data = operands.inputs[0]!  // [rows, extent, blockBytes]
        let result = operands.outputs[0]!  // [rows, indexCount, blockBytes]
        let indices = Indices(operands.inputs[1]!, indexType)
        guard rows > 0, blockBytes > 0 else { return }
        try indices.check(count: indexCount, extent: extent)
        let indexCount = indexCount
        let extent = extent
        let blockBytes = blockBytes
        context.parallelRanges(rows * indexCount, cost: max(4, blockBytes / 8)) { range in
            for position in range {
                let row = position / indexCount
                let index = indices.normalized(position - row * indexCount, extent: extent)
                MemoryMovement.copy(
                    data + (row * extent + index) * blockBytes, to: result + position * blockBytes,
                    byteCount: blockBytes)
            }
        }
    }
}

extension Gather {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let data = request.inputTypes[0]!
        let indices = request.inputTypes[1]!
        let axis = try normalizedAxis(axis, rank: data.shape.rank)
        return GatherKernel(
            rows: data.shape.elementCount(over: 0..<axis), extent: data.shape[axis],
            indexCount: indices.shape.elementCount, indexType: indices.dtype,
            blockBytes: data.shape.elementCount(over: (axis + 1)..<data.shape.rank) * data.dtype.byteCount)
    }
}
