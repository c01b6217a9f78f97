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
        /// Rounds down where the tensor grows, up where it shrinks: the rule before opset 11, as in ONNX Runtime.
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
    /// The axes that region, scales and sizes describe; all when nil.
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

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let shape = try operands.shape(0)
        let (listed, extents, scales) = try plan(of: operands)
        var relations = [AxisRelation].pointwise(rank: shape.rank)
        for (axis, scale) in zip(listed, scales) {
            relations[axis] =
                window(from: shape[axis], to: extents[axis], scale: scale).map { .window(of: axis, $0) } ?? .opaque
        }
        return AxisRelations(operands, [relations])
    }

    /// The cells around each coordinate; nil where the coordinates are not fractions that float32 represents exactly
    /// enough.
    private func window(from extent: Int, to target: Int, scale: Float) -> AxisWindow? {
        guard coordinates != .cropAndResize else { return nil }
        if extent == target, scale == 1 { return .pointwise }
        guard extent > 0, target > 1, extent < 1 << 20, target < 1 << 20, scale == Float(target) / Float(extent) else {
            return nil
        }
        // Coordinate of place i, both from the formulas of the ONNX operator: (2 * i * cells + start) / (2 * places).
        let alignsCorners = coordinates == .alignCorners
        var (cells, places) = alignsCorners ? (extent - 1, target - 1) : (extent, target)
        let common = greatestCommonDivisor(cells, places)
        (cells, places) = (cells / common, places / common)
        let start: Int
        switch coordinates {
        case .halfPixel, .halfPixelSymmetric, .pytorchHalfPixel: start = cells - places
        case .asymmetric, .alignCorners: start = 0
        case .tfHalfPixelForNearest: start = cells
        case .cropAndResize: return nil
        }
        // Kernels compute in float32: exact where only powers of two occur, and otherwise with an error of less than
        // half of the distance between two coordinates, as long as there are not too many.
        guard extent * places < 1 << 20 else { return nil }
        let isExact = !alignsCorners && [cells, places].allSatisfy { $0 & ($0 - 1) == 0 }
        let divisor = 2 * places
        var (first, last) = roundings(divisor)
        if !isExact { (first, last) = (first - 1, last + 1) }
        if mode != .nearest {
            // An antialiasing filter becomes wider by the factor by which the image becomes smaller.
            let shrink = antialias ? min(Double(scale), 1) : 1
            let reach = -Int((-(mode == .cubic ? 2 : 1) / shrink).rounded(.down)) - 1
            (first, last) = (first - reach * divisor, last + (1 + reach) * divisor)
        }
        return AxisWindow(step: 2 * cells, first: start + first, last: start + last, divisor: divisor, outside: .edge)
    }

    /// What is added to the numerator of a coordinate so that division rounds as this mode does.
    private func roundings(_ divisor: Int) -> (first: Int, last: Int) {
        guard mode == .nearest else { return (0, 0) }
        switch rounding {
        case .floor: return (0, 0)
        case .ceiling: return (divisor - 1, divisor - 1)
        case .preferCeiling: return (divisor / 2, divisor / 2)
        case .preferFloor: return (divisor / 2 - 1, divisor / 2 - 1)
        case .floorGrowing: return (0, divisor - 1)
        }
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let taps: Double = mode == .nearest ? 1 : mode == .linear ? 7 : 40
        return Cost(flops: Double(outputs[0].shape.elementCount) * taps, bytes: Cost.traffic([operands[0]], outputs))
    }
}

/// Euclid's algorithm.
private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return max(a, 1)
}
