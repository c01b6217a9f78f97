internal import Graphs
internal import Tensors

/// Determinants by elimination with row exchanges, in float64.
struct DeterminantKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let matrices: Int
    let rows: Int

    var scratchByteCount: Int { rows * rows * MemoryLayout<Double>.size }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)  // [matrices, rows, rows]
        let result = operands.output(0, as: Element.self)  // [matrices]
        context.parallel(matrices) { matrix, scratch in
            let cells = scratch.assumingMemoryBound(to: Double.self)  // [rows, rows]
            for index in 0..<(rows * rows) { cells[index] = Double(source[matrix * rows * rows + index]) }
            result[matrix] = Element(determinant(cells))
        }
    }

    private func determinant(_ cells: UnsafeMutablePointer<Double>) -> Double {
        var product = 1.0
        for column in 0..<rows {
            var best = column
            for row in column..<rows where cells[row * rows + column].magnitude > cells[best * rows + column].magnitude
            {
                best = row
            }
            let pivot = cells[best * rows + column]
            // NaN is carried on to the result.
            if pivot == 0 { return 0 }
            if best != column {
                product = -product
                for index in column..<rows {
                    let cell = cells[best * rows + index]
                    cells[best * rows + index] = cells[column * rows + index]
                    cells[column * rows + index] = cell
                }
            }
            product *= pivot
            for row in (column + 1)..<max(rows, column + 1) {
                let factor = cells[row * rows + column] / pivot
                for index in column..<rows { cells[row * rows + index] -= factor * cells[column * rows + index] }
            }
        }
        return product
    }
}

extension Determinant {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let shape: Shape
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(
                    DeterminantKernel<Element>(
                        matrices: shape.elementCount(over: 0..<(shape.rank - 2)), rows: shape[shape.rank - 1]))
            }
        }
        let input = request.inputTypes[0]!
        return try input.dtype.acceptFloatingPoint(Visitor(shape: input.shape), for: operatorName)
    }
}
