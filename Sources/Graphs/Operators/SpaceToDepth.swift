public import Tensors

/// Gathers blocks of the plane of [batch, channels, height, width] into channels; the reverse of `DepthToSpace`.
public struct SpaceToDepth: OperatorAttributes {
    public var blockSize: Int
    public var order: BlockOrder

    public init(blockSize: Int, order: BlockOrder = .depthFirst) {
        self.blockSize = blockSize
        self.order = order
    }

    public var operatorName: String { "SpaceToDepth" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.shape.rank == 4, blockSize > 0, blockSize < 1 << 15, input.shape[2] % blockSize == 0,
            input.shape[3] % blockSize == 0
        else { throw .mismatch("the plane of \(input.shape) does not divide into blocks of \(blockSize)") }
        return [
            TensorType(
                input.dtype,
                try checkedShape([
                    input.shape[0], try product(input.shape[1], blockSize * blockSize), input.shape[2] / blockSize,
                    input.shape[3] / blockSize,
                ]))
        ]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let channels =
            order == .columnFirst ? AxisWindow(divisor: blockSize * blockSize) : AxisWindow(outside: .wrapped)
        return AxisRelations(
            operands,
            [
                [
                    .pointwise(0), .window(of: 1, channels), .window(of: 2, AxisWindow(block: blockSize)),
                    .window(of: 3, AxisWindow(block: blockSize)),
                ]
            ])
    }
}
