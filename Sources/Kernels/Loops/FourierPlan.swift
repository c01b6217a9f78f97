#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The discrete Fourier transform of one length, in float64: split into halves as long as the length is
/// even; the rest is computed by the definition.
struct FourierPlan: Sendable {
    let points: Int
    /// exp(-2 pi i k / points) for every k: real, imaginary.
    private let roots: [Double]

    init(points: Int) {
        self.points = points
        var roots = [Double](repeating: 0, count: 2 * points)
        for index in 0..<points {
            let angle = -2 * Double.pi * Double(index) / Double(points)
            roots[2 * index] = cos(angle)
            roots[2 * index + 1] = sin(angle)
        }
        self.roots = roots
    }

    /// Bytes of a signal and its spectrum.
    var scratchByteCount: Int { 4 * points * MemoryLayout<Double>.size }

    /// - Parameters:
    ///   - signal: [points, 2]
    ///   - result: [points, 2]; the inverse is not divided by the length.
    func transform(_ signal: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, isInverse: Bool) {
        roots.withUnsafeBufferPointer { roots in
            transform(
                signal, step: 1, result, count: points, roots: roots.baseAddress!, sign: isInverse ? -1 : 1)
        }
    }

    /// Every `step`-th point of the signal.
    private func transform(
        _ signal: UnsafePointer<Double>, step: Int, _ result: UnsafeMutablePointer<Double>, count: Int,
        roots: UnsafePointer<Double>, sign: Double
    ) {
        let spacing = points / count
        if count % 2 == 0 {
            let half = count / 2
            transform(signal, step: 2 * step, result, count: half, roots: roots, sign: sign)
            transform(signal + 2 * step, step: 2 * step, result + count, count: half, roots: roots, sign: sign)
            for index in 0..<half {
                let (real, imaginary) = (roots[2 * index * spacing], sign * roots[2 * index * spacing + 1])
                let (even, odd) = (result + 2 * index, result + count + 2 * index)
                let x = odd[0] * real - odd[1] * imaginary
                let y = odd[0] * imaginary + odd[1] * real
                (odd[0], odd[1]) = (even[0] - x, even[1] - y)
                (even[0], even[1]) = (even[0] + x, even[1] + y)
            }
            return
        }
        for bin in 0..<count {
            var (x, y) = (0.0, 0.0)
            var root = 0
            for index in 0..<count {
                let (real, imaginary) = (roots[2 * root * spacing], sign * roots[2 * root * spacing + 1])
                let point = signal + 2 * index * step
                x += point[0] * real - point[1] * imaginary
                y += point[0] * imaginary + point[1] * real
                root += bin
                if root >= count { root -= count }
            }
            (result[2 * bin], result[2 * bin + 1]) = (x, y)
        }
    }
}
