import Graphs
import Tensors
import Testing

@testable import Kernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reductions, pools and soft maxima against sums in float64.
struct ReductionTests {
    @Test(arguments: 0..<96)
    func foldsAnyAxes(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...5, extents: 1...(seed % 2 == 0 ? 5 : 9)).prefix(4)
        let axes = shape.indices.filter { _ in generator.integer(0...1) == 1 }
        let kinds = Reduction.Kind.allCases.filter { $0 != .indexOfMaximum && $0 != .indexOfMinimum }
        let kind = kinds[seed % kinds.count]
        var input = generator.floats(Array(shape))
        if kind == .logOfSum {
            input = Tensor(input.elements(of: Float.self).map { abs($0) + 0.1 }, shape: input.shape)
        }
        let result = try KernelRunner.runOnThreads(
            .reduction(Reduction(kind: kind, keepsAllWithoutAxes: true)), [input, Tensor(axes.map(Int64.init))],
            constants: [1])[0]
        var groups: [[Int]: [Double]] = [:]
        for (index, value) in zip(indices(of: Array(shape)), input.elements(of: Float.self)) {
            groups[index.enumerated().map { axes.contains($0.offset) ? 0 : $0.element }, default: []].append(
                Double(value))
        }
        let expected = indices(of: result.shape.dimensions).map { Float(fold(groups[$0]!, kind)) }
        expectClose(result.elements(), expected, "\(kind) of \(shape) over \(axes)")
    }

    private func fold(_ values: [Double], _ kind: Reduction.Kind) -> Double {
        let sum = values.reduce(0, +)
        switch kind {
        case .sum: return sum
        case .mean: return sum / Double(values.count)
        case .maximum: return values.max()!
        case .minimum: return values.min()!
        case .product: return values.reduce(1, *)
        case .l1: return values.reduce(0) { $0 + abs($1) }
        case .l2: return values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        case .sumOfSquares: return values.reduce(0) { $0 + $1 * $1 }
        case .logOfSum: return log(sum)
        case .logOfSumOfExponentials: return log(values.reduce(0) { $0 + exp($1) })
        case .indexOfMaximum, .indexOfMinimum: return 0
        }
    }

    @Test(arguments: 0..<40)
    func extremesAreFound(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...4, extents: 1...7)
        let axis = generator.integer(0...(shape.count - 1))
        // Few values, so that there are equals.
        let input = generator.integers(shape, 0...3)
        let reduction = Reduction(
            kind: seed % 2 == 0 ? .indexOfMaximum : .indexOfMinimum, keepsDimensions: true, selectsLast: seed % 4 < 2)
        let result = try KernelRunner.runOnThreads(
            .reduction(reduction), [input, Tensor([Int64(axis)])], constants: [1])[0]
        let values = input.elements(of: Int64.self)
        let expected = indices(of: result.shape.dimensions).map { index -> Int64 in
            let line = (0..<shape[axis]).map { position -> Int64 in
                var place = index
                place[axis] = position
                return values[offset(place, shape)]
            }
            let best = seed % 2 == 0 ? line.max()! : line.min()!
            return Int64(reduction.selectsLast ? line.lastIndex(of: best)! : line.firstIndex(of: best)!)
        }
        #expect(result.elements(of: Int64.self) == expected)
    }

    @Test(arguments: 0..<30)
    func topElementsAreSorted(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...3, extents: 1...30)
        let axis = generator.integer(0...(shape.count - 1))
        let count = generator.integer(0...shape[axis])
        let input = generator.integers(shape, 0...9)
        let selectsLargest = seed % 2 == 0
        let results = try KernelRunner.runOnThreads(
            .topK(TopK(axis: axis, selectsLargest: selectsLargest)), [input, Tensor([Int64(count)])], constants: [1])
        let values = input.elements(of: Int64.self)
        let places: [Int64] = results[1].elements()
        let best: [Int64] = results[0].elements()
        for (position, index) in indices(of: results[0].shape.dimensions).enumerated() {
            let line = (0..<shape[axis]).map { step -> Int64 in
                var place = index
                place[axis] = step
                return values[offset(place, shape)]
            }
            let order = line.indices.sorted {
                line[$0] == line[$1] ? $0 < $1 : (line[$0] > line[$1]) == selectsLargest
            }
            #expect(places[position] == Int64(order[index[axis]]) && best[position] == line[order[index[axis]]])
        }
    }

    @Test(arguments: 0..<48)
    func poolsOfAllKinds(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let rank = [1, 2, 2, 3][seed % 4]
        let kinds: [Pooling.Kind] = [
            .maximum(columnMajorIndices: false), .average(countsPadding: false), .average(countsPadding: true),
            .norm(p: 2), .norm(p: 1), .norm(p: 3),
        ]
        let kind = kinds[seed / 4 % 6]
        let kernel = (0..<rank).map { _ in generator.integer(2...4) }
        let window = SpatialWindow(
            strides: (0..<rank).map { _ in generator.integer(1...3) },
            dilations: (0..<rank).map { _ in generator.integer(1...2) },
            padding: .explicit(
                before: kernel.map { generator.integer(0...($0 - 1)) },
                after: kernel.map { generator.integer(0...($0 - 1)) }))
        let pooling = Pooling(kind: kind, kernel: kernel, window: window, roundsUp: seed % 2 == 1)
        let input = generator.floats([2, 3] + (0..<rank).map { _ in generator.integer(8...12) })
        let result = try KernelRunner.runOnThreads(.pooling(pooling), [input])[0]
        // Maxima whose indices are not asked for are found in another way.
        let alone = try KernelRunner.runOnThreads(.pooling(pooling), [input], wanted: [0])[0]
        let values: [Float] = input.elements()
        let pads = (0..<rank).map { window.pads(input: input.shape[$0 + 2], kernel: kernel[$0], axis: $0) }
        let expected: [Float] = indices(of: result.shape.dimensions).map { (index: [Int]) -> Float in
            var cells: [Double] = []
            var padded = 0
            for tap in indices(of: kernel) {
                let place = (0..<rank).map { (axis: Int) -> Int in
                    index[axis + 2] * window.strides[axis] + tap[axis] * window.dilations[axis] - pads[axis].before
                }
                if (0..<rank).allSatisfy({ place[$0] < input.shape[$0 + 2] + pads[$0].after }) { padded += 1 }
                if (0..<rank).allSatisfy({ place[$0] >= 0 && place[$0] < input.shape[$0 + 2] }) {
                    cells.append(Double(values[offset([index[0], index[1]] + place, input.shape.dimensions)]))
                }
            }
            switch kind {
            case .maximum: return Float(cells.max() ?? -.infinity)
            case .average(let countsPadding):
                return Float(cells.reduce(0, +) / Double(max(countsPadding ? padded : cells.count, 1)))
            case .norm(let p):
                return Float(pow(cells.reduce(0) { $0 + pow(abs($1), Double(p)) }, 1 / Double(p)))
            }
        }
        let finite = expected.indices.filter { expected[$0].isFinite }
        let got: [Float] = result.elements()
        expectClose(finite.map { got[$0] }, finite.map { expected[$0] }, "seed \(seed)")
        expectClose(finite.map { alone.elements()[$0] }, finite.map { expected[$0] }, "seed \(seed), alone")
    }

    @Test(arguments: 0..<24)
    func softMaximaAlongAnyAxis(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...4, extents: 1...9)
        let axis = generator.integer(0...(shape.count - 1))
        let kind: Softmax.Kind = [.softmax, .logSoftmax, .hardmax][seed % 3]
        let input = generator.floats(shape)
        let result = try KernelRunner.runOnThreads(.softmax(Softmax(kind: kind, axis: axis)), [input])[0]
        let values: [Float] = input.elements()
        let expected = indices(of: shape).map { index -> Float in
            let line = (0..<shape[axis]).map { step -> Double in
                var place = index
                place[axis] = step
                return Double(values[offset(place, shape)])
            }
            let sum = line.reduce(0) { $0 + exp($1) }
            switch kind {
            case .softmax: return Float(exp(line[index[axis]]) / sum)
            case .logSoftmax: return Float(line[index[axis]] - log(sum))
            case .hardmax: return line.firstIndex(of: line.max()!) == index[axis] ? 1 : 0
            }
        }
        expectClose(result.elements(), expected, "\(kind) of \(shape) along \(axis)")
    }
}
