public import Tensors

/// Triangular filters on the mel scale that turn a spectrum into bands: [bins, bands]. Operands, one number each:
/// bands, points of the transform, samples per second, lower and upper edge in Hz.
public struct MelWeightMatrix: OperatorAttributes {
    public var dtype: DType

    public init(dtype: DType = .float32) { self.dtype = dtype }

    public var operatorName: String { "MelWeightMatrix" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        guard let bands = try operands.integers(0).first, let points = try operands.integers(1).first, bands > 0,
            points > 0, points < 1 << 32
        else { throw .mismatch("bands and points must be positive numbers") }
        guard dtype.isFloatingPoint else { throw .mismatch("weights of \(dtype)") }
        let shape = try checkedShape([points / 2 + 1, bands])
        // They are all computed when the model is loaded.
        guard shape.elementCount <= 1 << 28 else { throw .mismatch("\(shape) weights") }
        return [TensorType(dtype, shape)]
    }
}
