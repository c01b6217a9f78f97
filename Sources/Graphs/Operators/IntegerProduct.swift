internal import Tensors

/// What the products of 8-bit matrices have in common.
enum IntegerProduct {
    static func shape(_ operands: Operands, left: Int, right: Int) throws(InferenceError) -> Shape {
        let a = try operands.type(left)
        let b = try operands.type(right)
        guard a.dtype.isEightBitInteger, b.dtype.isEightBitInteger else {
            throw .mismatch("both matrices must be int8 or uint8")
        }
        // The rules for shapes are the same as for every matrix product.
        return try MatrixProduct().outputTypes(
            of: Operands([.init(type: TensorType(.int8, a.shape)), .init(type: TensorType(.int8, b.shape))]))[0].shape
    }

    static func rowsAndColumns(
        _ operands: Operands, left: Int, right: Int
    ) throws(InferenceError) -> (rows: Int, columns: Int) {
        let a = try operands.shape(left)
        let b = try operands.shape(right)
        return (a.rank == 1 ? 1 : a[a.rank - 2], b.rank == 1 ? 1 : b[b.rank - 1])
    }

    /// A scale or a zero point, where it is given: one for all, or one for each of `count` rows, columns or channels.
    static func checkParameter(
        _ operands: Operands, _ index: Int, of count: Int, dtype: DType?
    ) throws(InferenceError) {
        guard operands.has(index) else { return }
        let type = try operands.type(index)
        if let dtype {
            guard type.dtype == dtype else { throw .mismatch("operand \(index) must be \(dtype), not \(type.dtype)") }
        } else {
            guard type.dtype.isFloatingPoint else {
                throw .mismatch("operand \(index) must be floating point, not \(type.dtype)")
            }
        }
        guard type.shape.elementCount == 1 || type.shape.elementCount == count else {
            throw .mismatch("operand \(index) has \(type.shape.elementCount) elements, not 1 or \(count)")
        }
    }

    static func cost(of operands: [TensorType?], left: Int, outputs: [TensorType]) -> Cost {
        let a = operands[left]!.shape
        return Cost(
            flops: Double(outputs[0].shape.elementCount) * Double(a[a.rank - 1]) * 2,
            bytes: Cost.traffic(operands, outputs))
    }

    /// How the operands relate to a product of them; those that are not listed have one number for all.
    ///
    /// - Parameters:
    ///   - rowParameters: operands with one number, or one for each row of the left matrix.
    ///   - columnParameters: operands with one number, or one for each column of the right matrix.
    static func axes(
        of operands: Operands, output: Shape, left: Int, right: Int, rowParameters: [Int], columnParameters: [Int]
    ) throws(InferenceError) -> AxisRelations {
        let (a, b) = (try operands.shape(left), try operands.shape(right))
        let relations = MatrixProduct.relations(a, b, output: output)
        let (rows, columns) = try rowsAndColumns(operands, left: left, right: right)
        let rowAxis = output.rank - (b.rank == 1 ? 1 : 2)
        return AxisRelations(
            operands,
            (0..<operands.count).map { index in
                if index == left { return relations.left }
                if index == right { return relations.right }
                if rowParameters.contains(index) {
                    return operands.relations(index) { .parameter($0, along: rowAxis, of: rows) }
                }
                if columnParameters.contains(index) {
                    return operands.relations(index) { .parameter($0, along: output.rank - 1, of: columns) }
                }
                return operands.relations(index, all: .stretched)
            })
    }
}
