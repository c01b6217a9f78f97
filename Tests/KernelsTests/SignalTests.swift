import Foundation
import Graphs
import Tensors
import Testing

@testable import Kernels

/// Fourier transforms against their definition, on lengths of every kind.
@Suite struct SignalTests {
    /// sum of x[n] exp(-+2 pi i k n / N), with N points out of a signal that is cut or filled with zeros.
    private func naive(_ signal: [(Double, Double)], points: Int, isInverse: Bool) -> [(Double, Double)] {
        (0..<points).map { bin in
            var (x, y) = (0.0, 0.0)
            for (index, value) in signal.prefix(points).enumerated() {
                let angle = (isInverse ? 2 : -2) * Double.pi * Double(bin * index % points) / Double(points)
                x += value.0 * cos(angle) - value.1 * sin(angle)
                y += value.0 * sin(angle) + value.1 * cos(angle)
            }
            return isInverse ? (x / Double(points), y / Double(points)) : (x, y)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 8, 12, 17, 30, 64, 100]) func transforms(points: Int) throws {
        var random = SeededGenerator(UInt64(points))
        for (parts, isInverse, length) in [(1, false, points), (2, false, points), (2, true, points), (2, false, 7)] {
            let signal = random.floats([2, length, 3, parts])
            let operands: [Tensor?] = [signal, Tensor(scalar: Int64(points)), Tensor(scalar: Int64(1))]
            let result = try KernelRunner.runOnThreads(
                .fourierTransform(FourierTransform(isInverse: isInverse)), operands, constants: [1, 2])[0]
            #expect(result.shape.dimensions == [2, points, 3, 2])
            let values: [Float] = signal.elements()
            let found: [Float] = result.elements()
            var expected = [Float](repeating: 0, count: found.count)
            for block in 0..<2 {
                for place in 0..<3 {
                    let line = (0..<length).map { index -> (Double, Double) in
                        let start = ((block * length + index) * 3 + place) * parts
                        return (Double(values[start]), parts == 2 ? Double(values[start + 1]) : 0)
                    }
                    for (bin, value) in naive(line, points: points, isInverse: isInverse).enumerated() {
                        let start = ((block * points + bin) * 3 + place) * 2
                        (expected[start], expected[start + 1]) = (Float(value.0), Float(value.1))
                    }
                }
            }
            expectClose(found, expected, "\(points) points, \(parts) parts, inverse \(isInverse)")
        }
    }

    /// Half a spectrum forward and back is the signal.
    @Test(arguments: [2, 6, 9, 32]) func oneSided(points: Int) throws {
        var random = SeededGenerator(5)
        let signal = random.floats([3, points, 1])
        let spectrum = try KernelRunner.run(.fourierTransform(FourierTransform(isOneSided: true)), [signal])[0]
        #expect(spectrum.shape.dimensions == [3, points / 2 + 1, 2])
        let back = try KernelRunner.run(
            .fourierTransform(FourierTransform(isInverse: true, isOneSided: true)),
            [spectrum, Tensor(scalar: Int64(points))], constants: [1])[0]
        #expect(back.shape.dimensions == [3, points, 1])
        expectClose(back.elements(), signal.elements(), "\(points) points")
    }

    @Test func framesAreTransformsOfPieces() throws {
        var random = SeededGenerator(6)
        let signal = random.floats([2, 23, 1])
        let window = random.floats([6])
        let result = try KernelRunner.runOnThreads(
            .shortTimeFourierTransform(ShortTimeFourierTransform()), [signal, Tensor(scalar: Int64(4)), window],
            constants: [1])[0]
        #expect(result.shape.dimensions == [2, 5, 4, 2])
        let values: [Float] = signal.elements()
        let weights: [Float] = window.elements()
        for frame in 0..<10 {
            let start = frame / 5 * 23 + frame % 5 * 4
            let piece = Tensor((0..<6).map { values[start + $0] * weights[$0] }, shape: [1, 6, 1])
            let spectrum = try KernelRunner.run(.fourierTransform(FourierTransform(isOneSided: true)), [piece])[0]
            let found: [Float] = result.elements()
            expectClose(Array(found[frame * 8..<frame * 8 + 8]), spectrum.elements(), "frame \(frame)")
        }
    }
}
