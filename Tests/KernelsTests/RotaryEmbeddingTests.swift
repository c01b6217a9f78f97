import Graphs
import Tensors
import Testing

@testable import Kernels

@Suite struct RotaryEmbeddingTests {
    @Test("pairs are turned by the angle of their position") func definition() throws {
        var random = SeededGenerator(81)
        for number in 0..<60 {
            let (batch, heads, sequence) = (random.integer(1...3), random.integer(1...3), random.integer(1...6))
            let headDim = 2 * random.integer(1...5)
            let rotated = random.integer(0...1) == 0 ? headDim : 2 * random.integer(0...(headDim / 2))
            let isFlat = random.integer(0...1) == 0
            let isInterleaved = random.integer(0...1) == 0
            let form = random.integer(0...2)  // position numbers, a table for each entry, one table for all
            let rows = [7, batch * sequence, sequence][form]
            let tableShape = form == 0 ? [7, rotated / 2] : [form == 1 ? batch : 1, sequence, rotated / 2]
            let cosines = random.floats(tableShape)
            let sines = random.floats(tableShape)
            let positions = form == 0 ? random.integers([batch, sequence], 0...6) : nil
            let shape = isFlat ? [batch, sequence, heads * headDim] : [batch, heads, sequence, headDim]
            let x = random.floats(shape)
            let rotary = RotaryEmbedding(
                isInterleaved: isInterleaved, rotated: rotated == headDim ? nil : rotated, heads: isFlat ? heads : nil)
            let result = try KernelRunner.runOnThreads(
                .rotaryEmbedding(rotary), [x, cosines, sines] + (positions.map { [$0] } ?? []))[0].elements(
                    of: Float.self)

            let (numbers, c, s) = (
                x.elements(of: Float.self), cosines.elements(of: Float.self), sines.elements(of: Float.self)
            )
            var expected = numbers
            for at in indices(of: [batch, heads, sequence]) {
                let start =
                    isFlat
                    ? ((at[0] * sequence + at[2]) * heads + at[1]) * headDim
                    : ((at[0] * heads + at[1]) * sequence + at[2]) * headDim
                let entry = at[0] * sequence + at[2]
                let row = positions.map { Int($0.elements(of: Int64.self)[entry]) } ?? (form == 1 ? entry : at[2])
                #expect(row < rows)
                for pair in 0..<(rotated / 2) {
                    let (first, second) = isInterleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + rotated / 2)
                    let (a, b) = (numbers[start + first], numbers[start + second])
                    let place = row * (rotated / 2) + pair
                    expected[start + first] = c[place] * a - s[place] * b
                    expected[start + second] = s[place] * a + c[place] * b
                }
            }
            expectClose(result, expected, "trial \(number): \(rotary), \(shape)")
        }
    }

    @Test("a position outside the table is an error") func outside() throws {
        var random = SeededGenerator(82)
        let (x, table) = (random.floats([1, 1, 2, 4]), random.floats([3, 2]))
        for position in [-1, 3] {
            let positions = Tensor([Int64(0), Int64(position)], shape: [1, 2])
            #expect(throws: KernelError.self) {
                try KernelRunner.run(.rotaryEmbedding(RotaryEmbedding()), [x, table, table, positions])
            }
        }
    }

    @Test("operands that do not fit are refused") func refusals() {
        func type(_ shape: [Int], _ dtype: DType = .float32) -> TensorType { TensorType(dtype, Shape(shape)) }
        let (x, table) = (type([2, 3, 5, 4]), type([9, 2]))
        let cases: [(String, RotaryEmbedding, [TensorType])] = [
            ("rank", RotaryEmbedding(), [type([5, 4]), table, table]),
            ("heads", RotaryEmbedding(heads: 3), [type([2, 5, 8]), table, table]),
            ("no heads", RotaryEmbedding(), [type([2, 5, 8]), table, table]),
            ("odd", RotaryEmbedding(rotated: 3), [x, table, table]),
            ("too many", RotaryEmbedding(rotated: 6), [x, table, table]),
            ("unlike tables", RotaryEmbedding(), [x, table, type([8, 2]), type([2, 5], .int64)]),
            ("table", RotaryEmbedding(), [x, type([9, 3]), type([9, 3]), type([2, 5], .int64)]),
            ("table without positions", RotaryEmbedding(), [x, type([2, 4, 2]), type([2, 4, 2])]),
            ("positions", RotaryEmbedding(), [x, table, table, type([2, 4], .int64)]),
            ("positions' dtype", RotaryEmbedding(), [x, table, table, type([2, 5])]),
        ]
        for (name, rotary, types) in cases {
            #expect(throws: InferenceError.self, "\(name)") {
                try rotary.outputTypes(of: Operands(types.map { .init(type: $0) }))
            }
        }
    }

    @Test("a cache takes an update where it belongs, and nowhere else") func cache() throws {
        var random = SeededGenerator(83)
        let (cache, update) = (random.floats([2, 3, 5, 2]), random.floats([2, 3, 2, 2]))
        let before = cache.elements(of: Float.self)
        let new = update.elements(of: Float.self)
        for (starts, wraps) in [([1, 3], false), ([4, 9], true)] as [([Int64], Bool)] {
            let result = try KernelRunner.runOnThreads(
                .cacheUpdate(CacheUpdate(wraps: wraps)), [cache, update, Tensor(starts)])[0].elements(of: Float.self)
            var expected = before
            for at in indices(of: [2, 3, 2, 2]) {
                let place = (Int(starts[at[0]]) + at[2]) % 5
                expected[offset([at[0], at[1], place, at[3]], [2, 3, 5, 2])] = new[offset(at, [2, 3, 2, 2])]
            }
            #expect(result == expected)
        }
        for starts in [[-1, 0], [0, 4]] as [[Int64]] {
            #expect(throws: KernelError.self) {
                try KernelRunner.run(.cacheUpdate(CacheUpdate()), [cache, update, Tensor(starts)])
            }
        }
    }
}
