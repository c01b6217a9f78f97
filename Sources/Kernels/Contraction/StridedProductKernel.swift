internal import Tensors

/// Products of batches of matrices that lie anywhere: each matrix starts at an offset of its own, and its rows (or, where
/// it is transposed, its columns) lie a stride apart. Cut into blocks of fixed size, whatever the number of threads.
struct StridedProductKernel<Element: MatrixElement>: Kernel {
    struct Matrix: Sendable {
        /// Where each matrix of the batch starts, in elements.
        let starts: OuterAxes
        let stride: Int
        let isTransposed: Bool
    }

    let rows: Int
    let columns: Int
    let inner: Int
    let left: Matrix  // [rows, inner], or [inner, rows] when transposed
    let right: Matrix  // [inner, columns], or [columns, inner] when transposed
    let result: Matrix  // [rows, columns]

    private static var blockExtent: Int { 256 }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let a = operands.input(0, as: Element.self)
        let b = operands.input(1, as: Element.self)
        let c = operands.output(0, as: Element.self)
        let extent = Self.blockExtent
        let rowBlocks = (rows + extent - 1) / extent
        let blocks = rowBlocks * ((columns + extent - 1) / extent)
        context.parallel(result.starts.count * blocks) { task, _ in
            let batch = task / blocks
            let row = task % blocks % rowBlocks * extent
            let column = task % blocks / rowBlocks * extent
            let (rowCount, columnCount) = (min(extent, rows - row), min(extent, columns - column))
            let block = c + result.starts.offset(of: batch) + row * result.stride + column
            for line in 0..<rowCount { (block + line * result.stride).update(repeating: .zero, count: columnCount) }
            Element.addProduct(
                rows: rowCount, columns: columnCount, inner: inner, alpha: 1,
                a + left.starts.offset(of: batch) + (left.isTransposed ? row : row * left.stride), stride: left.stride,
                transposed: left.isTransposed,
                b + right.starts.offset(of: batch) + (right.isTransposed ? column * right.stride : column),
                stride: right.stride, transposed: right.isTransposed, block, stride: result.stride)
        }
    }
}
