import Graphs
import Tensors
import Testing

@testable import Kernels

/// Convolutions against their definition.
struct ConvolutionTests {
    struct Case {
        var batch = 1
        var groups = 1
        var inChannels = 1  // per group
        var outChannels = 1  // per group
        var extents: [Int]
        var kernel: [Int]
        var window: SpatialWindow
        var hasBias = true
        var hasResidual = false
        var activation: Unary?
    }

    static func randomCase(_ seed: Int) -> Case {
        var generator = SeededGenerator(UInt64(seed))
        let rank = [1, 2, 2, 2, 2, 3][seed % 6]
        let isDepthwise = seed % 4 == 1
        let kernel = (0..<rank).map { _ in generator.integer(1...4) }
        let dilations = (0..<rank).map { _ in generator.integer(1...2) }
        let padding: SpatialWindow.Padding
        switch seed % 5 {
        case 0: padding = .sameUpper
        case 1: padding = .sameLower
        default:
            padding = .explicit(
                before: (0..<rank).map { _ in generator.integer(0...3) },
                after: (0..<rank).map { _ in generator.integer(0...3) })
        }
        return Case(
            batch: generator.integer(1...2), groups: isDepthwise ? generator.integer(2...19) : generator.integer(1...3),
            inChannels: isDepthwise ? 1 : generator.integer(1...6),
            outChannels: isDepthwise ? generator.integer(1...2) : generator.integer(1...17),
            extents: (0..<rank).map { _ in generator.integer(7...(rank == 3 ? 8 : 14)) }, kernel: kernel,
            window: SpatialWindow(
                strides: (0..<rank).map { _ in generator.integer(1...3) }, dilations: dilations, padding: padding),
            hasBias: generator.integer(0...1) == 1, hasResidual: generator.integer(0...1) == 1,
            activation: [
                nil, Unary(.relu), Unary(.clip, alpha: -0.5, beta: 0.5), Unary(.sine), Unary(.silu, alpha: 1),
            ][
                seed % 5])
    }

    @Test(arguments: 0..<40)
    func agreesWithTheDefinition(seed: Int) throws { try check(Self.randomCase(seed), seed) }

    /// Volumes: wide enough for vectors that lie in one row, and small enough for vectors over rows, slices and images.
    @Test(arguments: 0..<30)
    func volumesAgreeWithTheDefinition(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed) + 31)
        let isDepthwise = seed % 4 == 1
        let kernel = (0..<3).map { axis in generator.integer(1...(axis == 0 ? 3 : 4)) }
        let window = SpatialWindow(
            strides: (0..<3).map { _ in generator.integer(1...3) },
            dilations: (0..<3).map { _ in generator.integer(1...2) },
            padding: .explicit(
                before: (0..<3).map { _ in generator.integer(0...3) },
                after: (0..<3).map { _ in generator.integer(0...3) })
        )
        let extents = [
            generator.integer(3...5), generator.integer(4...6), generator.integer(seed % 3 == 0 ? 26...50 : 4...7),
        ]
        let test = Case(
            batch: generator.integer(1...3), groups: isDepthwise ? generator.integer(2...5) : generator.integer(1...2),
            inChannels: isDepthwise ? 1 : generator.integer(1...4), outChannels: generator.integer(1...10),
            extents: zip(extents, zip(kernel, window.dilations)).map { max($0, ($1.0 - 1) * $1.1 + 1) }, kernel: kernel,
            window: window, hasBias: seed % 2 == 0, hasResidual: seed % 3 == 1,
            activation: seed % 5 == 0 ? Unary(.relu) : nil)
        try check(test, seed)
    }

    /// Dilation up to the size of the map, where kernel cells meet only padding, with and without strides.
    @Test(arguments: 0..<30)
    func wideDilationAgreesWithTheDefinition(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed) + 77)
        let isDepthwise = seed % 2 == 0
        let dilations = (0..<2).map { _ in generator.integer(1...12) }
        let side = seed % 3 == 2 ? 5 : 3
        let pads = dilations.map { $0 * (side - 1) / 2 }
        let stride = generator.integer(1...2)
        let test = Case(
            batch: generator.integer(1...2), groups: isDepthwise ? generator.integer(2...3) : 1,
            inChannels: isDepthwise ? 1 : generator.integer(1...3), outChannels: generator.integer(1...9),
            extents: (0..<2).map { _ in generator.integer(5...30) }, kernel: [side, side],
            window: SpatialWindow(
                strides: [stride, stride], dilations: dilations, padding: .explicit(before: pads, after: pads)),
            hasBias: seed % 3 == 0, hasResidual: seed % 5 == 0)
        try check(test, seed)
    }

    /// Panels of pixels that meet nothing but padding leave kernel rows out; where panels begin depends on the images
    /// before. An image has the same bits behind another image, also where products underflow to zeros of either sign,
    /// and where a weight is not finite: then zeros count.
    @Test(arguments: [(Float(1), Float(0.5)), (1e-23, -1e-23), (1, .infinity), (1, .nan)])
    func rowsLeftOutChangeNoBit(scale: Float, corner: Float) throws {
        var generator = SeededGenerator(5)
        let image = Shape([1, 3, 20, 40])
        func scaled(_ shape: [Int]) -> [Float] {
            let values: [Float] = generator.floats(shape).elements()
            return values.map { $0 * scale }
        }
        let images = [scaled(image.dimensions), scaled(image.dimensions)]
        var weights = scaled([9, 3, 3, 3])
        weights[0] = corner
        let convolution = Convolution(
            window: SpatialWindow(
                strides: [1, 1], dilations: [12, 12], padding: .explicit(before: [12, 12], after: [12, 12])), groups: 1)
        func run(_ batch: [[Float]]) throws -> [UInt32] {
            let input = Tensor(batch.flatMap { $0 }, shape: [batch.count, 3, 20, 40])
            let result = try KernelRunner.runOnThreads(
                .convolution(convolution), [input, Tensor(weights, shape: [9, 3, 3, 3])], constants: [1])[0]
            let values: [Float] = result.elements()
            return values.map(\.bitPattern)
        }
        let alone = try run([images[1]])
        #expect(try Array(run(images).suffix(alone.count)) == alone)
        let sums = alone.map(Float.init(bitPattern:))
        #expect(sums[0].isNaN == !corner.isFinite, "the first output has the corner's weight times padding")
        #expect(!sums.contains { $0 == 0 && $0.sign == .minus })
    }

    private func check(_ test: Case, _ seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed) + 1000)
        let input = generator.floats([test.batch, test.groups * test.inChannels] + test.extents)
        let weights = generator.floats([test.groups * test.outChannels, test.inChannels] + test.kernel)
        let bias = test.hasBias ? generator.floats([test.groups * test.outChannels]) : nil
        let convolution = Convolution(window: test.window, groups: test.groups, activation: test.activation)
        let plain = try convolution.outputTypes(
            of: Operands([.init(type: input.type), .init(type: weights.type)]))[0].shape
        let residual = test.hasResidual ? generator.floats(plain.dimensions) : nil
        let operands = [input, weights, bias, residual]
        let expected = try naive(convolution, operands, output: plain)
        for constants in [Set([1]), Set()] {
            let result = try KernelRunner.runOnThreads(.convolution(convolution), operands, constants: constants)[0]
            expectClose(result.elements(), expected, "seed \(seed), \(test)")
        }
    }

    @Test func float64AndHalfPrecisionComeOut() throws {
        let input = Tensor((0..<32).map { Double($0) / 7 }, shape: [1, 2, 4, 4])
        let weights = Tensor((0..<36).map { Double($0 - 18) / 5 }, shape: [2, 2, 3, 3])
        let convolution = Convolution(window: SpatialWindow(rank: 2))
        let result = try KernelRunner.runOnThreads(.convolution(convolution), [input, weights], constants: [1])[0]
        let singles = [input, weights].map { Tensor($0.elements(of: Double.self).map(Float.init), shape: $0.shape) }
        let expected = try naive(convolution, [singles[0], singles[1], nil, nil], output: [1, 2, 2, 2])
        expectClose(result.elements(of: Double.self).map(Float.init), expected, "float64")
        for dtype in [DType.float16, .bfloat16] {
            let halves = try singles.map { try KernelRunner.run(.cast(Cast(to: dtype)), [$0])[0] }
            let half = try KernelRunner.run(.convolution(convolution), halves, constants: [1])[0]
            #expect(half.dtype == dtype)
            let back = try KernelRunner.run(.cast(Cast(to: .float32)), [half])[0]
            expectClose(back.elements(), expected, tolerance: 2e-2, "\(dtype)")
        }
    }

    /// Operands: input, weights, bias, residual.
    private func naive(_ convolution: Convolution, _ operands: [Tensor?], output: Shape) throws -> [Float] {
        let input = operands[0]!
        let weights = operands[1]!
        let x: [Float] = input.elements()
        let w: [Float] = weights.elements()
        let bias: [Float]? = operands[2]?.elements()
        let residual: [Float]? = operands[3]?.elements()
        let rank = input.shape.rank - 2
        let window = convolution.window
        let pads = (0..<rank).map {
            window.pads(input: input.shape[$0 + 2], kernel: weights.shape[$0 + 2], axis: $0).before
        }
        let outPerGroup = weights.shape[0] / convolution.groups
        let inPerGroup = weights.shape[1]
        let activation = convolution.activation?.evaluation() ?? { $0 }
        let taps = indices(of: Array(weights.shape.dimensions[1...]))
        return indices(of: output.dimensions).enumerated().map { (place: Int, index: [Int]) -> Float in
            var sum = Double(bias?[index[1]] ?? 0)
            sum += Double(residual?[place] ?? 0)
            for tap in taps {
                let position = (0..<rank).map { (axis: Int) -> Int in
                    index[axis + 2] * window.strides[axis] + tap[axis + 1] * window.dilations[axis] - pads[axis]
                }
                guard (0..<rank).allSatisfy({ position[$0] >= 0 && position[$0] < input.shape[$0 + 2] }) else {
                    continue
                }
                let channel = index[1] / outPerGroup * inPerGroup + tap[0]
                let value = x[offset([index[0], channel] + position, input.shape.dimensions)]
                let weight = w[offset([index[1]] + tap, weights.shape.dimensions)]
                sum += Double(value) * Double(weight)
            }
            return Float(activation(sum))
        }
    }
}
