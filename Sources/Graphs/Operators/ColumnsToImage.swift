public import Tensors

/// Adds up the columns [batch, channels * block, positions] of sliding blocks to images [batch, channels, spatial...]:
/// the reverse of cutting an image into blocks. Operands: columns, image extents, block extents.
public struct ColumnsToImage: OperatorAttributes {
    /// Empty lists mean ones (zeros for the padding); explicit padding only.
    public var strides: [Int]
    public var dilations: [Int]
    public var pads: [Int]

    public init(strides: [Int] = [], dilations: [Int] = [], pads: [Int] = []) {
        self.strides = strides
        self.dilations = dilations
        self.pads = pads
    }

    public var operatorName: String { "Col2Im" }

    /// How blocks lie in the image.
    public func layout(
        of operands: Operands
    ) throws(InferenceError) -> (image: [Int], block: [Int], window: SpatialWindow, positions: [Int]) {
        let image = try operands.integers(1)
        let block = try operands.integers(2)
        let rank = image.count
        let ones = [Int](repeating: 1, count: rank)
        let pads = pads.isEmpty ? [Int](repeating: 0, count: 2 * rank) : pads
        guard block.count == rank, pads.count == 2 * rank else {
            throw .mismatch("an image of \(image), blocks of \(block) and pads \(pads) do not fit")
        }
        let window = SpatialWindow(
            strides: strides.isEmpty ? ones : strides, dilations: dilations.isEmpty ? ones : dilations,
            padding: .explicit(before: Array(pads[..<rank]), after: Array(pads[rank...])))
        _ = try checkedShape(image)
        try window.validate(kernel: block, inputRank: rank + 2)
        var positions: [Int] = []
        for axis in 0..<rank {
            positions.append(
                try window.outputExtent(input: image[axis], kernel: block[axis], axis: axis, ceil: false))
        }
        return (image, block, window, positions)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let columns = try operands.type(0)
        let (image, block, _, positions) = try layout(of: operands)
        let cells = try checkedShape(block).elementCount
        let places = try checkedShape(positions).elementCount
        guard columns.shape.rank == 3, cells > 0, columns.shape[1] % cells == 0, columns.shape[2] == places else {
            throw .mismatch("columns \(columns.shape) are not those of blocks of \(block) at \(positions) positions")
        }
        return [TensorType(columns.dtype, try checkedShape([columns.shape[0], columns.shape[1] / cells] + image))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let cells = try layout(of: operands).block.reduce(1, *)
        return AxisRelations(operands, [[.pointwise(0), .window(of: 1, AxisWindow(block: cells)), .opaque]])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(operands[0]!.shape.elementCount), bytes: Cost.traffic(operands, outputs))
    }
}
