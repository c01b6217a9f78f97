import Tensors

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func integer(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func floats(_ shape: [Int]) -> Tensor {
        let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &self) }
        return Tensor(values, shape: Shape(shape))
    }

    mutating func integers(_ shape: [Int], _ range: ClosedRange<Int>) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { _ in Int64(integer(range)) }, shape: Shape(shape))
    }

    mutating func shape(rank: ClosedRange<Int>, extents: ClosedRange<Int>) -> [Int] {
        (0..<integer(rank)).map { _ in integer(extents) }
    }
}

/// All indices of a shape in row-major order.
func indices(of shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
}

/// The place of an index in row-major order.
func offset(_ index: [Int], _ shape: [Int]) -> Int { zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 } }
