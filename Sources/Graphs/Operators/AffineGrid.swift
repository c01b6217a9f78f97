public import Tensors

/// The grid at which `GridSample` samples an affinely transformed picture. Operands: matrices [batch, 2, 3] (or
/// [batch, 3, 4]) and the size [batch, channels, spatial...] of the picture. Result: [batch, spatial..., 2 or 3], the
/// fastest axis first.
public struct AffineGrid: OperatorAttributes {
    /// Whether -1 and 1 are the centres of the outermost cells, not their outer edges.
    public var alignsCorners: Bool

    public init(alignsCorners: Bool = false) { self.alignsCorners = alignsCorners }

    public var operatorName: String { "AffineGrid" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let matrices = try operands.type(0)
        let size = try operands.integers(1)
        let rank = size.count - 2
        guard rank == 2 || rank == 3, matrices.shape.rank == 3, matrices.shape[0] == size[0],
            matrices.shape[1] == rank, matrices.shape[2] == rank + 1
        else { throw .mismatch("matrices \(matrices.shape) do not move pictures of \(size)") }
        return [TensorType(matrices.dtype, try checkedShape([size[0]] + size[2...] + [rank]))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [[.pointwise(0), .pointwise(outputs[0].shape.rank - 1), .reduced]])
    }
}
