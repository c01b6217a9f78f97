public import Tensors

/// A matrix of weights [rows, columns], unpacked from integers of 2, 4 or 8 bits that are packed in bytes, column by
/// column: (number - zero point) * scale, where each block of `blockSize` rows of a column has its own scale and zero
/// point.
///
/// The form is that of ONNX Runtime's `MatMulNBits`; the first number of a byte is in its lowest bits. Operands: the
/// packed numbers (uint8, blocks * blockSize * bits / 8 bytes for each column), the scales [columns * blocks], and,
/// each optional: the zero points, packed like the numbers (uint8, each column from a byte of its own) or as numbers of
/// the scales' dtype [columns * blocks], half of the number of values where they are left out; and for each row which
/// block's scale it has (int32 [rows]), where that is not the block that it lies in.
public struct WeightUnpacking: OperatorAttributes {
    public var rows: Int
    public var columns: Int
    public var bits: Int
    public var blockSize: Int

    public init(rows: Int, columns: Int, bits: Int, blockSize: Int) {
        self.rows = rows
        self.columns = columns
        self.bits = bits
        self.blockSize = blockSize
    }

    public var operatorName: String { "WeightUnpacking" }

    /// The number of blocks of rows in a column; each block has one scale.
    public var blocks: Int { rows / blockSize + (rows % blockSize == 0 ? 0 : 1) }
    public var columnByteCount: Int { blocks * blockSize * bits / 8 }
    /// Of the packed zero points of one column.
    public var zeroByteCount: Int { (blocks * bits + 7) / 8 }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        guard [2, 4, 8].contains(bits), rows > 0, columns > 0, blockSize > 0, blockSize * bits % 8 == 0 else {
            throw .mismatch("\(rows) times \(columns) numbers of \(bits) bits in blocks of \(blockSize) are no weights")
        }
        let result = try checkedShape([rows, columns])
        let packed = try operands.type(0)
        let bytes = try product(columns, columnByteCount)
        guard packed.dtype == .uint8, packed.shape.elementCount == bytes else {
            throw .mismatch("the packed numbers must be \(bytes) bytes, not \(packed)")
        }
        let scales = try operands.type(1)
        let count = try product(columns, blocks)
        guard scales.dtype.isFloatingPoint, scales.shape.elementCount == count else {
            throw .mismatch("there must be \(count) floating-point scales, not \(scales)")
        }
        if operands.has(2) {
            let zeros = try operands.type(2)
            let wanted = zeros.dtype == .uint8 ? try product(columns, zeroByteCount) : count
            guard zeros.dtype == .uint8 || zeros.dtype == scales.dtype, zeros.shape.elementCount == wanted else {
                throw .mismatch("there must be \(wanted) zero points, packed or as \(scales.dtype), not \(zeros)")
            }
        }
        if operands.has(3) {
            let groups = try operands.type(3)
            guard groups.dtype == .int32, groups.shape.elementCount >= rows else {
                throw .mismatch("the numbers of the blocks must be int32 [\(rows)], not \(groups)")
            }
        }
        return [TensorType(scales.dtype, result)]
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 2, bytes: Cost.traffic(operands, outputs))
    }
}
