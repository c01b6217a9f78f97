public import Tensors

/// Resamples a tensor. Operands: data, region of interest (optional), scales (optional), sizes (optional); one of the
/// last two decides the result's extents. Also what `Upsample` becomes.
public struct Resize: OperatorAttributes {
    public enum Mode: String, Hashable, Codable, Sendable { case nearest, linear, cubic }
    public enum Coordinates: String, Hashable, Codable, Sendable {
        case halfPixel = "half_pixel"
        case halfPixelSymmetric = "half_pixel_symmetric"
        case pytorchHalfPixel = "pytorch_half_pixel"
        case alignCorners = "align_corners"
        case asymmetric
        case cropAndResize = "tf_crop_and_resize"
        case tfHalfPixelForNearest = "tf_half_pixel_for_nn"
    }
    public enum Rounding: String, Hashable, Codable, Sendable {
        case preferFloor = "round_prefer_floor"
        case preferCeiling = "round_prefer_ceil"
        case floor
        case ceiling = "ceil"
        /// Down where the tensor grows, up where it shrinks: the rule before opset 11, as ONNX Runtime has it.
        case floorGrowing
    }
    public enum AspectRatio: String, Hashable, Codable, Sendable {
        case stretch
        case notLarger = "not_larger"
        case notSmaller = "not_smaller"
    }

    public var mode: Mode = .nearest
    public var coordinates: Coordinates = .halfPixel
    public var rounding: Rounding = .preferFloor
    public var cubicCoefficient: Float = -0.75
    public var excludesOutside = false
    public var extrapolationValue: Float = 0
    public var antialias = false
    /// The axes that region, scales and sizes speak of; all when nil.
    public var axes: [Int]?
    public var aspectRatio: AspectRatio = .stretch

    public init() {}

    public var operatorName: String { "Resize" }

    /// The axes resized, the result's extents on all axes, and the scale of each listed axis.
    public func plan(of operands: Operands) throws(InferenceError) -> (axes: [Int], extents: [Int], scales: [Float]) {
        let shape = try operands.shape(0)
        var listed: [Int] = []
        for axis in axes ?? Array(0..<shape.rank) { listed.append(try normalizedAxis(axis, rank: shape.rank)) }
        var extents = shape.dimensions
        var scales = [Float](repeating: 1, count: listed.count)
        let scaleValues = try operands.has(2) ? operands.floats(2) : []
        if !scaleValues.isEmpty {
            guard scaleValues.count == listed.count, scaleValues.allSatisfy({ $0 > 0 && $0 < 1e6 }) else {
                throw .mismatch("scales \(scaleValues) for \(listed.count) axes")
            }
            scales = scaleValues
            for (index, axis) in listed.enumerated() {
                extents[axis] = try checkedExtent((Double(shape[axis]) * Double(scales[index])).rounded(.down))
            }
        } else {
            var sizes = try operands.integers(3)
            guard sizes.count == listed.count, sizes.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
                throw .mismatch("sizes \(sizes) for \(listed.count) axes")
            }
            let ratios = listed.indices.map { Float(sizes[$0]) / Float(max(shape[listed[$0]], 1)) }
            if aspectRatio != .stretch, let common = aspectRatio == .notLarger ? ratios.min() : ratios.max() {
                for (index, axis) in listed.enumerated() {
                    sizes[index] = try checkedExtent(Double((common * Float(shape[axis])).rounded()))
                }
                scales = [Float](repeating: common, count: listed.count)
            } else {
                scales = ratios
            }
            for (index, axis) in listed.enumerated() { extents[axis] = sizes[index] }
        }
        return (listed, extents, scales)
    }

    private func checkedExtent(_ extent: Double) throws(InferenceError) -> Int {
        guard extent >= 0, extent < Double(1 << 46) else { throw .mismatch("an extent of \(extent)") }
        return Int(extent)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        [TensorType(try operands.type(0).dtype, try checkedShape(plan(of: operands).extents))]
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let taps: Double = mode == .nearest ? 1 : mode == .linear ? 7 : 40
        return Cost(flops: Double(outputs[0].shape.elementCount) * taps, bytes: Cost.traffic([operands[0]], outputs))
    }
}
