public import Tensors

/// How the channel axis is read when blocks and channels are exchanged: block rows, block columns, channels (ONNX's
/// DCR), or channels, block rows, block columns (CRD).
public enum BlockOrder: String, Hashable, Codable, Sendable {
    case depthFirst = "DCR"
    case columnFirst = "CRD"
}

/// Spreads groups of blockSize^2 channels of [batch, channels, height, width] over blocks of the plane.
public struct DepthToSpace: OperatorAttributes {
    public var blockSize: Int
    public var order: BlockOrder

    public init(blockSize: Int, order: BlockOrder = .depthFirst) {
        self.blockSize = blockSize
        self.order = order
    }

    public var operatorName: String { "DepthToSpace" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank == 4, blockSize > 0, blockSize < 1 << 15, input.shape[1] % (blockSize * blockSize) == 0
        else { throw .mismatch("\(input.shape) does not split into blocks of \(blockSize) x \(blockSize) channels") }
        return [
            TensorType(
                input.dtype,
                try checkedShape([
                    input.shape[0], input.shape[1] / (blockSize * blockSize), input.shape[2] * blockSize,
                    input.shape[3] * blockSize,
                ]))
        ]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let cells = blockSize * blockSize
        let channels =
            order == .columnFirst
            ? AxisRelation.window(of: 1, AxisWindow(block: cells))
            : .opaque
        return AxisRelations(
            operands,
            [
                [
                    .pointwise(0), channels, .window(of: 2, AxisWindow(divisor: blockSize)),
                    .window(of: 3, AxisWindow(divisor: blockSize)),
                ]
            ])
    }
}
