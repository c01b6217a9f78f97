public import Tensors

/// A tensor of narrow numbers, unpacked from the bytes of a file (uint8 [bytes]) to the dtype that holds them.
public struct NarrowUnpacking: OperatorAttributes {
    public var format: NarrowFormat
    public var shape: Shape

    public init(_ format: NarrowFormat, shape: Shape) {
        self.format = format
        self.shape = shape
    }

    public var operatorName: String { "NarrowUnpacking" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let packed = try operands.type(0)
        let bytes = format.byteCount(of: shape.elementCount)
        guard packed.dtype == .uint8, packed.shape.elementCount == bytes else {
            throw .mismatch("\(shape) numbers of \(format) take \(bytes) bytes, and there are \(packed)")
        }
        return [TensorType(format.held, shape)]
    }
}

/// The nearest numbers of a narrow format, in the dtype that holds them. The operand is floating point, or of that
/// dtype.
public struct NarrowRounding: OperatorAttributes {
    public var format: NarrowFormat
    /// Whether what is too large becomes the largest number, and not infinity or NaN.
    public var saturates: Bool

    public init(_ format: NarrowFormat, saturates: Bool = true) {
        self.format = format
        self.saturates = saturates
    }

    public var operatorName: String { "NarrowRounding" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard format.canBeRoundedTo, input.dtype == format.held else {
            throw .mismatch("\(input.dtype) is not rounded to \(format)")
        }
        return [input]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        .elementwise(operands, outputs: outputs)
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(flops: Double(outputs[0].shape.elementCount) * 8, bytes: Cost.traffic(operands, outputs))
    }
}
