internal import Graphs
internal import Tensors

/// All operands one after another along an axis.
struct ConcatenationKernel: Kernel {
    /// Indices of the axes before the joined one, taken as one.
    let rows: Int
    /// Bytes of each operand in one row.
    let rowBytes: [Int]

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let total = rowBytes.reduce(0, +)
        var start = 0
        for (index, bytes) in rowBytes.enumerated() {
            // The memory plan may have let the producer write in place.
            if let source = operands.inputs[index], bytes > 0, source != operands.outputs[0]! + start || rows > 1 {
                MemoryMovement.copyRows(
                    source, sourceStride: bytes, to: operands.outputs[0]! + start, destinationStride: total,
                    rows: rows, rowBytes: bytes, context)
            }
            start += bytes
        }
    }
}

extension Concatenation {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let output = request.outputTypes[0]
        let axis = try normalizedAxis(axis, rank: output.shape.rank)
        return ConcatenationKernel(
            rows: output.shape.elementCount(over: 0..<axis),
            rowBytes: request.inputTypes.map {
                $0!.shape.elementCount(over: axis..<output.shape.rank) * $0!.dtype.byteCount
            })
    }
}

/// An axis cut into parts.
struct SplitKernel: Kernel {
    let rows: Int
    /// Bytes of each part in one row, of those too that nobody asked for.
    let rowBytes: [Int]

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let total = rowBytes.reduce(0, +)
        var start = 0
        for (index, bytes) in rowBytes.enumerated() {
            if index < operands.outputs.count, let destination = operands.outputs[index], bytes > 0 {
                MemoryMovement.copyRows(
                    operands.inputs[0]! + start, sourceStride: total, to: destination, destinationStride: bytes,
                    rows: rows, rowBytes: bytes, context)
            }
            start += bytes
        }
    }
}

extension Split {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let input = request.inputTypes[0]!
        let axis = try normalizedAxis(axis, rank: input.shape.rank)
        return SplitKernel(
            rows: input.shape.elementCount(over: 0..<axis),
            rowBytes: request.outputTypes.map {
                $0.shape.elementCount(over: axis..<input.shape.rank) * $0.dtype.byteCount
            })
    }
}
