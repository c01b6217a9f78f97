internal import Tensors

/// What the convolutions of 8-bit numbers have in common.
enum IntegerConvolution {
    static func shape(
        _ operands: Operands, x: Int, weights: Int, window: SpatialWindow, groups: Int
    ) throws(InferenceError) -> Shape {
        let input = try operands.type(x)
        let kernel = try operands.type(weights)
        guard input.dtype.isEightBitInteger, kernel.dtype.isEightBitInteger else {
            throw .mismatch("input and weights must be int8 or uint8")
        }
        // The rules for shapes are the same as for every convolution.
        return try Convolution(window: window, groups: groups).outputTypes(
            of: Operands([
                .init(type: TensorType(.int8, input.shape)), .init(type: TensorType(.int8, kernel.shape)),
            ]))[0].shape
    }

    static func cost(of operands: [TensorType?], weights: Int, outputs: [TensorType]) -> Cost {
        let kernel = operands[weights]!.shape
        return Cost(
            flops: Double(outputs[0].shape.elementCount) * Double(kernel.elementCount(over: 1..<kernel.rank)) * 2,
            bytes: Cost.traffic(operands, outputs))
    }
}
