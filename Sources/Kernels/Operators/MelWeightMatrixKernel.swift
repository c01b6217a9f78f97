internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension MelWeightMatrix {
    /// Every operand is known, so the kernel is made with its result.
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let operands = try request.operands()
        func number(_ index: Int) throws -> Double {
            let isReal = request.inputType(index)?.dtype.isFloatingPoint ?? false
            let numbers =
                isReal
                ? try operands.floats(index).map { Double($0) } : try operands.integers(index).map { Double($0) }
            guard numbers.count == 1, numbers[0].isFinite else {
                throw KernelError("operand \(index) must be one number")
            }
            return numbers[0]
        }
        let shape = request.outputTypes[0].shape
        let values = try MelScale(
            bins: shape[0], bands: shape[1], points: number(1), sampleRate: number(2), lower: number(3),
            upper: number(4)
        ).weights()
        let result = Tensor(uninitialized: dtype, shape: shape)
        struct Visitor: FloatingPointVisitor {
            let values: [Double]
            let result: Tensor
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws {
                result.withMutableBytes { bytes in
                    let elements = bytes.bindMemory(to: Element.self)
                    for (index, value) in values.enumerated() { elements[index] = Element(value) }
                }
            }
        }
        try dtype.acceptFloatingPoint(Visitor(values: values, result: result), for: operatorName)
        return KnownResultKernel(result: result)
    }
}

/// Triangles whose corners are evenly spaced on the mel scale, 2595 log10(1 + f / 700).
private struct MelScale {
    let bins: Int
    let bands: Int
    let points: Double
    let sampleRate: Double
    let lower: Double
    let upper: Double

    /// [bins, bands]
    func weights() throws -> [Double] {
        func mel(_ hertz: Double) -> Double { 2595 * log1p(hertz / 700) / log(10) }
        let step = (mel(upper) - mel(lower)) / Double(bands + 2)
        var corners: [Int] = []
        for corner in 0..<(bands + 2) {
            let hertz = 700 * expm1((Double(corner) * step + mel(lower)) / 2595 * log(10))
            let bin = ((points + 1) * hertz / sampleRate).rounded(.down)
            guard bin >= 0, bin <= Double(bins) else {
                throw KernelError("the edge at \(hertz) Hz lies outside the spectrum")
            }
            corners.append(Int(bin))
        }
        var weights = [Double](repeating: 0, count: bins * bands)
        func set(_ bin: Int, _ band: Int, _ weight: Double) { if bin < bins { weights[bin * bands + band] = weight } }
        for band in 0..<bands {
            let (left, centre, right) = (corners[band], corners[band + 1], corners[band + 2])
            guard left <= centre, centre <= right else { throw KernelError("the upper edge lies below the lower one") }
            if left == centre { set(centre, band, 1) }
            for bin in left...centre where left < centre { set(bin, band, Double(bin - left) / Double(centre - left)) }
            for bin in centre..<right { set(bin, band, Double(right - bin) / Double(right - centre)) }
        }
        return weights
    }
}
