import Graphs
import Tensors
import Testing

@testable import Kernels

/// Resizing against a direct evaluation of the formulas at each output element.
struct ResizeTests {
    @Test(arguments: 0..<72)
    func agreesWithTheFormulas(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        var resize = Resize()
        resize.mode = [.nearest, .linear, .cubic][seed % 3]
        resize.coordinates = [.halfPixel, .asymmetric, .alignCorners, .pytorchHalfPixel][seed / 3 % 4]
        resize.rounding = [.preferFloor, .preferCeiling, .floor, .ceiling][seed / 12 % 4]
        resize.excludesOutside = resize.mode == .cubic && seed % 2 == 0
        let shape = [
            generator.integer(1...2), generator.integer(1...3), generator.integer(2...7), generator.integer(2...7),
        ]
        // Sometimes the channels change too.
        var sizes = shape
        for axis in (seed % 6 == 0 ? 1 : 2)..<4 { sizes[axis] = generator.integer(1...11) }
        let input = generator.floats(shape)
        let result = try KernelRunner.runOnThreads(
            .resize(resize), [input, nil, nil, Tensor(sizes.map(Int64.init))], constants: [3])[0]
        #expect(result.shape.dimensions == sizes)
        let values: [Float] = input.elements()
        let expected = indices(of: sizes).map { index -> Float in
            var sum = 0.0
            let taps = (0..<4).map { self.taps(index[$0], input: shape[$0], output: sizes[$0], resize) }
            for tap in indices(of: taps.map(\.count)) {
                let place = tap.indices.map { taps[$0][tap[$0]].index }
                let weight = tap.indices.reduce(1.0) { $0 * taps[$1][tap[$1]].weight }
                sum += weight * Double(values[offset(place, shape)])
            }
            return Float(sum)
        }
        expectClose(result.elements(), expected, "seed \(seed): \(resize), \(shape) to \(sizes)")
    }

    private func taps(_ position: Int, input: Int, output: Int, _ resize: Resize) -> [(index: Int, weight: Double)] {
        if input == output { return [(position, 1)] }
        let x = Float(position)
        let scale = Float(output) / Float(input)
        let source: Float
        switch resize.coordinates {
        case .alignCorners: source = output == 1 ? 0 : x * Float(input - 1) / Float(output - 1)
        case .asymmetric: source = x / scale
        case .pytorchHalfPixel where output == 1: source = -0.5
        default: source = (x + 0.5) / scale - 0.5
        }
        func clamped(_ index: Int) -> Int { min(max(index, 0), input - 1) }
        if resize.mode == .nearest {
            let rounded: Float
            switch resize.rounding {
            case .floor: rounded = source.rounded(.down)
            case .ceiling: rounded = source.rounded(.up)
            case .floorGrowing: rounded = source.rounded(scale < 1 ? .up : .down)
            case .preferFloor: rounded = (source - 0.5).rounded(.up)
            case .preferCeiling: rounded = (source + 0.5).rounded(.down)
            }
            return [(clamped(Int(rounded)), 1)]
        }
        let base = Int(source.rounded(.down))
        let ratio = Double(source) - Double(base)
        if resize.mode == .linear { return [(clamped(base), 1 - ratio), (clamped(base + 1), ratio)] }
        let a = -0.75
        var taps = (-1...2).map { step -> (index: Int, weight: Double) in
            let x = abs(Double(step) - ratio)
            let weight =
                x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
            return (base + step, weight)
        }
        if resize.excludesOutside {
            taps = taps.filter { $0.index >= 0 && $0.index < input }
            let sum = taps.reduce(0) { $0 + $1.weight }
            taps = taps.map { ($0.index, $0.weight / sum) }
        }
        return taps.map { (clamped($0.index), $0.weight) }
    }

    @Test func integersAreMovedByNearest() throws {
        var resize = Resize()
        resize.coordinates = .asymmetric
        resize.rounding = .floor
        let input = Tensor([UInt8(1), 2, 3, 4], shape: [1, 1, 2, 2])
        let result = try KernelRunner.runOnThreads(
            .resize(resize), [input, nil, Tensor([Float(1), 1, 2, 2])], constants: [2])[0]
        #expect(result.elements(of: UInt8.self) == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
    }
}
