internal import Graphs
internal import Tensors

/// The upper or lower triangle of matrices, zeros elsewhere.
struct TriluKernel: Kernel {
    let keepsUpper: Bool
    let matrices: Int
    let rows: Int
    let columns: Int
    let elementByteCount: Int
    let hasOffset: Bool

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.inputs[0]!  // [matrices, rows, columns]
        let result = operands.outputs[0]!  // the same
        // Offsets beyond the matrix are all alike.
        let limit = rows + columns
        let offset = hasOffset ? min(max(Int(operands.input(1, as: Int64.self)[0]), -limit), limit) : 0
        let bytes = elementByteCount
        let (rows, columns, keepsUpper) = (rows, columns, keepsUpper)
        context.parallelRanges(matrices * rows, cost: columns) { range in
            for line in range {
                // Columns from `cut` on belong to the upper triangle; the lower one has its diagonal too.
                let cut = min(max(line % rows + offset + (keepsUpper ? 0 : 1), 0), columns)
                let kept = keepsUpper ? cut..<columns : 0..<cut
                let cleared = keepsUpper ? 0..<cut : cut..<columns
                let start = line * columns
                MemoryMovement.copy(
                    source + (start + kept.lowerBound) * bytes, to: result + (start + kept.lowerBound) * bytes,
                    byteCount: kept.count * bytes)
                (result + (start + cleared.lowerBound) * bytes).initializeMemory(
                    as: UInt8.self, repeating: 0, count: cleared.count * bytes)
            }
        }
    }
}

extension Trilu {
    func kernel(_ request: KernelRequest) -> any Kernel {
        let input = request.inputTypes[0]!
        let rank = input.shape.rank
        return TriluKernel(
            keepsUpper: keepsUpper, matrices: input.shape.elementCount(over: 0..<(rank - 2)),
            rows: input.shape[rank - 2], columns: input.shape[rank - 1], elementByteCount: input.dtype.byteCount,
            hasOffset: request.has(1))
    }
}

/// Ones on a diagonal and zeros elsewhere.
struct EyeLikeKernel: Kernel {
    let rows: Int
    let columns: Int
    let diagonal: Int
    let elementByteCount: Int
    let one: FillBits

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let result = operands.outputs[0]!  // [rows, columns]
        result.initializeMemory(as: UInt8.self, repeating: 0, count: rows * columns * elementByteCount)
        withUnsafeBytes(of: one.bits) { one in
            for row in 0..<rows {
                let column = row + min(max(diagonal, -rows), columns)
                guard column >= 0, column < columns else { continue }
                MemoryMovement.copy(
                    one.baseAddress!, to: result + (row * columns + column) * elementByteCount,
                    byteCount: elementByteCount)
            }
        }
    }
}

extension EyeLike {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let output = request.outputTypes[0]
        return EyeLikeKernel(
            rows: output.shape[0], columns: output.shape[1], diagonal: diagonal,
            elementByteCount: output.dtype.byteCount, one: try FillBits(1, output.dtype))
    }
}
