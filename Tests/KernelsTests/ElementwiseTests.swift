import Graphs
import Tensors
import Testing

@testable import Kernels

/// Element-wise operators against their scalar definitions.
struct ElementwiseTests {
    /// Shapes that broadcast to one another.
    private func shapes(_ generator: inout SeededGenerator, count: Int) -> [[Int]] {
        let full = generator.shape(rank: 0...5, extents: 1...6)
        return (0..<count).map { _ in
            let kept = full.map { generator.integer(0...2) == 0 ? 1 : $0 }
            return Array(kept.dropFirst(generator.integer(0...kept.count)))
        }
    }

    private func place(_ index: [Int], _ shape: [Int]) -> Int {
        zip(index.suffix(shape.count), shape).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
    }

    @Test(arguments: 0..<80)
    func binaryBroadcasts(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shapes = shapes(&generator, count: 2)
        let (x, y) = (generator.floats(shapes[0]), generator.floats(shapes[1]))
        let functions: [(BinaryFunction, (Float, Float) -> Float)] = [
            (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }), (.divide, { $0 / $1 }),
            (.minimum, { min($0, $1) }), (.maximum, { max($0, $1) }), (.parametricRelu, { $0 < 0 ? $0 * $1 : $0 }),
            (.remainder, { $0.truncatingRemainder(dividingBy: $1) }),
        ]
        let (function, scalar) = functions[seed % functions.count]
        let result = try KernelRunner.runOnThreads(.binary(Binary(function)), [x, y])[0]
        let (a, b): ([Float], [Float]) = (x.elements(), y.elements())
        let expected = indices(of: result.shape.dimensions).map {
            scalar(a[place($0, shapes[0])], b[place($0, shapes[1])])
        }
        #expect(result.elements(of: Float.self) == expected, "\(function) of \(shapes)")
    }

    @Test(arguments: 0..<30)
    func choiceAndComparisonBroadcast(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shapes = shapes(&generator, count: 3)
        let (x, y) = (generator.integers(shapes[1], -2...2), generator.integers(shapes[2], -2...2))
        let flags = generator.integers(shapes[0], 0...1)
        let condition = try KernelRunner.run(.cast(Cast(to: .bool)), [flags])[0]
        let result = try KernelRunner.runOnThreads(.choice(Choice()), [condition, x, y])[0]
        let (c, a, b): ([Bool], [Int64], [Int64]) = (condition.elements(), x.elements(), y.elements())
        #expect(
            result.elements(of: Int64.self)
                == indices(of: result.shape.dimensions).map {
                    c[place($0, shapes[0])] ? a[place($0, shapes[1])] : b[place($0, shapes[2])]
                })
        let less = try KernelRunner.runOnThreads(.comparison(Comparison(.lessOrEqual)), [x, y])[0]
        #expect(
            less.elements(of: Bool.self)
                == indices(of: less.shape.dimensions).map { a[place($0, shapes[1])] <= b[place($0, shapes[2])] })
    }

    @Test(arguments: UnaryFunction.allCases)
    func unaryFollowsItsDefinition(function: UnaryFunction) throws {
        let unary = Unary(function, alpha: 0.3, beta: 0.7)
        guard let definition = unary.evaluation() else { return }
        let values = (-1500...1500).map { Float($0) / 250 }
        let result = try KernelRunner.runOnThreads(.unary(unary), [Tensor(values)])[0].elements(of: Float.self)
        for (value, got) in zip(values, result) {
            let wanted = Float(definition(Double(value)))
            let isClose =
                got == wanted || (got.isNaN && wanted.isNaN) || abs(got - wanted) <= 2e-6 * max(abs(wanted), 1)
            #expect(isClose, "\(function) of \(value) is \(got), should be \(wanted)")
        }
        let doubles = try KernelRunner.run(.unary(unary), [Tensor(values.map(Double.init))])[0].elements(
            of: Double.self)
        #expect(doubles[2000] == definition(Double(values[2000])) || doubles[2000].isNaN)
    }

    @Test func integersNeverTrap() throws {
        let edges: [Int32] = [.min, -1, 0, 1, .max]
        let x = Tensor(edges.flatMap { value in edges.map { _ in value } })
        let y = Tensor(edges.flatMap { _ in edges })
        for function in BinaryFunction.allCases {
            guard ![.and, .or, .xor].contains(function) else { continue }
            _ = try KernelRunner.run(.binary(Binary(function)), [x, y])
        }
        let quotient = try KernelRunner.run(.binary(Binary(.divide)), [x, y])[0].elements(of: Int32.self)
        #expect(quotient[2] == 0 && quotient[1] == .min)
        let modulo = try KernelRunner.run(
            .binary(Binary(.modulo)), [Tensor([Int64(-7), 7, -7]), Tensor([Int64(3), -3, -3])])[0]
        #expect(modulo.elements(of: Int64.self) == [2, -2, -1])
        for function in [UnaryFunction.negative, .absolute, .sign, .relu, .clip, .bitwiseNot] {
            _ = try KernelRunner.run(.unary(Unary(function, alpha: -.infinity, beta: .infinity)), [Tensor(edges)])
        }
    }

    @Test func castsNeverTrap() throws {
        let values: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, 300.7, -3.9, 0, -0.0, 0.5]
        let source = Tensor(values)
        for from in DType.allCases {
            let middle = try KernelRunner.run(.cast(Cast(to: from)), [source])[0]
            for to in DType.allCases {
                let result = try KernelRunner.runOnThreads(.cast(Cast(to: to)), [middle])[0]
                #expect(result.dtype == to && result.elementCount == values.count)
            }
        }
        let integers = try KernelRunner.run(.cast(Cast(to: .int32)), [source])[0].elements(of: Int32.self)
        #expect(integers == [0, .max, .min, .max, .min, 300, -3, 0, 0, 0])
        let flags = try KernelRunner.run(.cast(Cast(to: .bool)), [source])[0].elements(of: Bool.self)
        #expect(flags == [true, true, true, true, true, true, true, false, false, true])
        let wrapped = try KernelRunner.run(.cast(Cast(to: .int8)), [Tensor([Int64(300), -129])])[0]
        #expect(wrapped.elements(of: Int8.self) == [44, 127])
    }
}
