internal import Graphs
internal import Tensors

/// Grid points moved by a matrix for each picture.
struct AffineGridKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let alignsCorners: Bool
    let batch: Int
    /// Slowest first.
    let extents: [Int]

    var absorbedOperands: Set<Int> { [1] }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let matrices = operands.input(0, as: Element.self)  // [batch, rank, rank + 1]
        let grid = operands.output(0, as: Element.self)  // [batch, points, rank], the fastest axis first
        let rank = extents.count
        let points = extents.reduce(1, *)
        context.parallelRanges(batch * points, cost: rank * rank * 4) { range in
            for point in range {
                let matrix = matrices + point / points * rank * (rank + 1)
                for row in 0..<rank {
                    var sum = Double(matrix[row * (rank + 1) + rank])
                    var rest = point % points
                    for column in 0..<rank {
                        let extent = extents[rank - 1 - column]
                        sum += Double(matrix[row * (rank + 1) + column]) * place(rest % extent, extent)
                        rest /= extent
                    }
                    grid[point * rank + row] = Element(sum)
                }
            }
        }
    }

    /// From -1 to 1.
    @inline(__always)
    private func place(_ index: Int, _ extent: Int) -> Double {
        if alignsCorners { return extent == 1 ? -1 : 2 * Double(index) / Double(extent - 1) - 1 }
        return (2 * Double(index) + 1) / Double(extent) - 1
    }
}

extension AffineGrid {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let alignsCorners: Bool
            let output: Shape
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    AffineGridKernel<Element>(
                        alignsCorners: alignsCorners, batch: output[0],
                        extents: Array(output.dimensions[1..<(output.rank - 1)])))
            }
        }
        return try request.inputTypes[0]!.dtype.acceptFloatingPoint(
            Visitor(alignsCorners: alignsCorners, output: request.outputTypes[0].shape), for: operatorName)
    }
}
