import Graphs
import Tensors
import Testing

@testable import Kernels

/// Transposed convolutions against their definition.
struct ConvolutionTransposeTests {
    @Test(arguments: 0..<32)
    func agreesWithTheDefinition(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let rank = [1, 2, 2, 3][seed % 4]
        let groups = generator.integer(1...3)
        let strides = (0..<rank).map { _ in generator.integer(1...3) }
        let window = SpatialWindow(
            strides: strides, dilations: (0..<rank).map { _ in generator.integer(1...2) },
            padding: seed % 5 == 0
                ? .sameUpper
                : .explicit(
                    before: (0..<rank).map { _ in generator.integer(0...1) },
                    after: (0..<rank).map { _ in generator.integer(0...1) }))
        let transpose = ConvolutionTranspose(
            window: window, groups: groups,
            outputPadding: strides.map { generator.integer(0...($0 - 1)) },
            activation: [nil, Unary(.relu), Unary(.tangent)][seed % 3])
        let inPerGroup = generator.integer(1...4)
        let outPerGroup = generator.integer(1...5)
        let kernel = (0..<rank).map { _ in generator.integer(2...4) }
        let input = generator.floats(
            [generator.integer(1...2), groups * inPerGroup] + (0..<rank).map { _ in generator.integer(3...6) })
        let weights = generator.floats([groups * inPerGroup, outPerGroup] + kernel)
        let bias = seed % 2 == 0 ? generator.floats([groups * outPerGroup]) : nil
        let result = try KernelRunner.runOnThreads(
            .convolutionTranspose(transpose), [input, weights, bias], constants: [1])[0]

        let x: [Float] = input.elements()
        let w: [Float] = weights.elements()
        var sums = [Double](repeating: 0, count: result.elementCount)
        for index in indices(of: input.shape.dimensions) {
            for tap in indices(of: [outPerGroup] + kernel) {
                let position = (0..<rank).map { axis in
                    index[axis + 2] * strides[axis] + tap[axis + 1] * window.dilations[axis]
                        - transpose.pads(input: input.shape[axis + 2], kernel: kernel[axis], axis: axis).before
                }
                guard (0..<rank).allSatisfy({ position[$0] >= 0 && position[$0] < result.shape[$0 + 2] }) else {
                    continue
                }
                let channel = index[1] / inPerGroup * outPerGroup + tap[0]
                sums[offset([index[0], channel] + position, result.shape.dimensions)] +=
                    Double(x[offset(index, input.shape.dimensions)])
                    * Double(w[offset([index[1]] + tap, weights.shape.dimensions)])
            }
        }
        let biases: [Float]? = bias?.elements()
        let activation = transpose.activation?.evaluation() ?? { $0 }
        let expected = zip(indices(of: result.shape.dimensions), sums).map { index, sum in
            Float(activation(sum + Double(biases?[index[1]] ?? 0)))
        }
        let scale = expected.map(abs).max() ?? 1
        // The tangent near its poles magnifies any rounding.
        if transpose.activation?.function != .tangent || scale < 10 {
            expectClose(result.elements(), expected, "seed \(seed)")
        }
    }
}
