internal import Graphs
internal import Tensors

/// Copies blocks, the first ones of each sequence in the opposite order.
struct ReverseSequenceKernel: Kernel {
    let extents: [Int]
    let timeAxis: Int
    let blockBytes: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let source = operands.inputs[0]!  // [extents[0], extents[1]] blocks
        let lengths = operands.input(1, as: Int64.self)  // [extents[1 - timeAxis]]
        let target = operands.outputs[0]!  // the same
        let (rows, columns) = (extents[0], extents[1])
        for sequence in 0..<extents[1 - timeAxis] where lengths[sequence] < 0 || lengths[sequence] > extents[timeAxis] {
            throw KernelError("sequence \(sequence) of \(extents[timeAxis]) steps cannot have \(lengths[sequence])")
        }
        context.parallelRanges(rows * columns, cost: max(1, blockBytes / 8)) { range in
            for block in range {
                var place = (block / columns, block % columns)
                let (time, sequence) = timeAxis == 0 ? place : (place.1, place.0)
                let length = Int(lengths[sequence])
                if time < length {
                    if timeAxis == 0 { place.0 = length - 1 - time } else { place.1 = length - 1 - time }
                }
                MemoryMovement.copy(
                    source + (place.0 * columns + place.1) * blockBytes, to: target + block * blockBytes,
                    byteCount: blockBytes)
            }
        }
    }
}

extension ReverseSequence {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let input = request.inputTypes[0]!
        return ReverseSequenceKernel(
            extents: Array(input.shape.dimensions[..<2]), timeAxis: timeAxis,
            blockBytes: input.shape.elementCount(over: 2..<input.shape.rank) * input.dtype.byteCount)
    }
}
