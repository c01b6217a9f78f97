public import Tensors

/// Matrix product over the last two axes with NumPy's rules: leading axes broadcast, a vector gets a unit axis and
/// loses it again. Fusion may add a bias over the last axis (operand 2), a residual (operand 3) and an activation.
public struct MatrixProduct: OperatorAttributes {
    public var activation: Unary?

    public init(activation: Unary? = nil) { self.activation = activation }

    public var operatorName: String { "MatMul" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let left = try operands.type(0)
        let right = try operands.type(1)
        guard left.dtype == right.dtype else { throw .mismatch("both matrices must have one dtype") }
        guard left.shape.rank > 0, right.shape.rank > 0 else { throw .mismatch("a scalar is no matrix") }
        let a = left.shape.rank == 1 ? [1, left.shape[0]] : left.shape.dimensions
        let b = right.shape.rank == 1 ? [right.shape[0], 1] : right.shape.dimensions
        guard a[a.count - 1] == b[b.count - 2] else {
            throw .mismatch("\(left.shape) times \(right.shape): the inner extents differ")
        }
        var dimensions = try broadcastShape(Shape(Array(a.dropLast(2))), Shape(Array(b.dropLast(2)))).dimensions
        if left.shape.rank > 1 { dimensions.append(a[a.count - 2]) }
        if right.shape.rank > 1 { dimensions.append(b[b.count - 1]) }
        return [TensorType(left.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let output = outputs[0].shape
        let (left, right) = MatrixProduct.relations(try operands.shape(0), try operands.shape(1), output: output)
        return AxisRelations(
            operands,
            [
                left, right, operands.relations(2) { .broadcast($0, to: output) },
                operands.relations(3) { .broadcast($0, to: output) },
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let left = operands[0]!.shape
        return Cost(
            flops: Double(outputs[0].shape.elementCount) * Double(left[left.rank - 1]) * 2,
            bytes: Cost.traffic(operands, outputs))
    }

    /// How two operands relate to their product.
    static func relations(
        _ left: Shape, _ right: Shape, output: Shape
    ) -> (left: [AxisRelation], right: [AxisRelation]) {
        let (hasRows, hasColumns) = (left.rank > 1, right.rank > 1)
        // The leading axes, which count matrices.
        let rank = output.rank - (hasRows ? 1 : 0) - (hasColumns ? 1 : 0)
        func leading(_ shape: Shape) -> [AxisRelation] {
            .broadcast(
                Shape(Array(shape.dimensions.dropLast(2))), to: Shape(Array(output.dimensions.prefix(rank))))
        }
        return (
            hasRows ? leading(left) + [.pointwise(rank), .reduced] : [.reduced],
            hasColumns ? leading(right) + [.reduced, .pointwise(output.rank - 1)] : [.reduced]
        )
    }
}
