internal import Graphs
internal import Tensors

/// activation(alpha * A * B + addends), for a batch of matrices. Cut into blocks of fixed size, whatever the number of
/// threads. The addends come to the finished product, as they do in nodes of their own: fusion changes no bit.
struct MatrixKernel<Element: MatrixElement>: Kernel {
    /// What is added to the product: an operand read as [batch, rows, columns] with strides, 0 where it is stretched.
    struct Addend: Sendable {
        let operand: Int
        let batchStride: Int
        let rowStride: Int
        let columnStride: Int
        let factor: Float
    }

    let rows: Int
    let columns: Int
    let inner: Int
    let alpha: Float
    let transposesLeft: Bool
    let transposesRight: Bool
    /// Where each matrix of the batch starts in A and B.
    let left: OuterAxes
    let right: OuterAxes
    let addends: [Addend]
    let activation: VectorisedFunction?

    /// Rows and columns of a block: large enough for OpenBLAS to be at full speed, small enough to share.
    private static var blockRows: Int { 256 }
    private static var blockColumns: Int { 256 }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let a = operands.input(0, as: Element.self)
        let b = operands.input(1, as: Element.self)
        let c = operands.output(0, as: Element.self)  // [batch, rows, columns]
        let rowBlocks = (rows + Self.blockRows - 1) / Self.blockRows
        let columnBlocks = (columns + Self.blockColumns - 1) / Self.blockColumns
        let blocks = rowBlocks * columnBlocks
        let aStride = transposesLeft ? rows : inner
        let bStride = transposesRight ? inner : columns
        context.parallel(left.count * blocks) { task, _ in
            let batch = task / blocks
            // Neighbouring tasks share a block of B, usually the larger matrix.
            let row = task % blocks % rowBlocks * Self.blockRows
            let column = task % blocks / rowBlocks * Self.blockColumns
            let rowCount = min(Self.blockRows, rows - row)
            let columnCount = min(Self.blockColumns, columns - column)
            let block = c + (batch * rows + row) * columns + column
            for line in 0..<rowCount { (block + line * columns).update(repeating: .zero, count: columnCount) }
            if inner > 0 {
                Element.addProduct(
                    rows: rowCount, columns: columnCount, inner: inner, alpha: alpha,
                    a + left.offset(of: batch) + (transposesLeft ? row : row * inner), stride: aStride,
                    transposed: transposesLeft,
                    b + right.offset(of: batch) + (transposesRight ? column * inner : column), stride: bStride,
                    transposed: transposesRight, block, stride: columns)
            }
            add(to: block, rowCount, columnCount, batch: batch, row: row, column: column, operands)
            if let activation {
                for line in 0..<rowCount {
                    let values = UnsafeMutableRawPointer(block + line * columns).assumingMemoryBound(to: Float.self)
                    activation.apply(values, values, count: columnCount)
                }
            }
        }
    }

    /// Adds the addends to a block.
    private func add(
        to block: UnsafeMutablePointer<Element>, _ rowCount: Int, _ columnCount: Int, batch: Int, row: Int, column: Int,
        _ operands: KernelOperands
    ) {
        for addend in addends {
            let factor = Element(converting: Double(addend.factor))
            let base =
                operands.input(addend.operand, as: Element.self) + batch * addend.batchStride
                + row * addend.rowStride + column * addend.columnStride
            for line in 0..<rowCount {
                let to = block + line * columns
                let from = base + line * addend.rowStride
                if addend.columnStride == 1 {
                    for index in 0..<columnCount { to[index] = .plus(to[index], .times(factor, from[index])) }
                } else {
                    for index in 0..<columnCount { to[index] = .plus(to[index], .times(factor, from[0])) }
                }
            }
        }
    }
}
