import Foundation
import Graphs
import Tensors
import Testing

@testable import Kernels

/// Random numbers against known answers of the generator, against their distributions, and against themselves where
/// items are grouped in another way.
struct RandomDrawTests {
    private static let key = RandomDraw.key(seed: 3, node: "noise")

    /// Known answers that the authors of Philox publish with their library Random123.
    @Test func theGeneratorGivesItsKnownAnswers() {
        let zeros = RandomGenerator(key: 0).words(item: 0, block: 0)
        #expect(zeros == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        let ones = RandomGenerator(key: .max).words(item: .max, block: .max)
        #expect(ones == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
        // The digits of pi.
        let digits = RandomGenerator(key: 0x299F_31D0_A409_3822).words(
            item: 0x0370_7344_1319_8A2E, block: 0x85A3_08D3_243F_6A88)
        #expect(digits == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
    }

    /// The numbers of 4 items of 2,500 elements each.
    private func draw(_ distribution: RandomDraw.Distribution, dtype: DType = .float32) throws -> Tensor {
        let draw = RandomDraw(distribution, key: Self.key, shape: [4, 2500], dtype: dtype, isPerItem: true)
        return try KernelRunner.run(.randomDraw(draw), [], items: [5, 6, 7, 1 << 40])[0]
    }

    /// The largest distance between the share of numbers below a number and what it should be (Kolmogorov and Smirnov).
    private func distance(_ numbers: [Double], _ cumulative: (Double) -> Double) -> Double {
        let sorted = numbers.sorted()
        let count = Double(sorted.count)
        return sorted.enumerated().reduce(0) { worst, entry in
            let share = cumulative(entry.element)
            return max(worst, share - Double(entry.offset) / count, Double(entry.offset + 1) / count - share)
        }
    }

    @Test(arguments: [DType.float32, .float64]) func numbersAreOfTheirDistribution(dtype: DType) throws {
        func doubles(_ tensor: Tensor) -> [Double] {
            dtype == .float64 ? tensor.elements() : tensor.elements(of: Float.self).map(Double.init)
        }
        // One sample in a thousand lies farther off than 1.95 / sqrt(n).
        let limit = 1.95 / 100
        let normal = doubles(try draw(.normal(mean: 2, deviation: 3), dtype: dtype))
        #expect(distance(normal) { 0.5 * erfc(-($0 - 2) / (3 * 2.0.squareRoot())) } < limit)
        let uniform = doubles(try draw(.uniform(low: -1, high: 3), dtype: dtype))
        #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 })
        #expect(distance(uniform) { ($0 + 1) / 4 } < limit)
        // Neighbours, also from one item to the next, are independent of each other.
        let mean = normal.reduce(0, +) / 10_000
        let pairs = zip(normal, normal.dropFirst()).map { ($0 - mean) * ($1 - mean) }
        #expect(abs(pairs.reduce(0, +) / 9 / 10_000) < 0.04)
    }

    @Test func everyNumberIsItsOwn() throws {
        let numbers: [Double] = try draw(.uniform(low: 0, high: 1), dtype: .float64).elements()
        #expect(Set(numbers).count == numbers.count)
        let key = RandomDraw.key(seed: 3, node: "other noise")
        let other = RandomDraw(.uniform(low: 0, high: 1), key: key, shape: [10_000], dtype: .float64)
        let others: [Double] = try KernelRunner.run(.randomDraw(other), [])[0].elements()
        #expect(Set(numbers).isDisjoint(with: others))
        #expect(
            RandomDraw.key(seed: 4, node: "noise") != Self.key && RandomDraw.key(seed: nil, node: "noise") != Self.key)
    }

    @Test func coinsFallAsTheyShould() throws {
        let chances: [Float] = [0, 0.1, 0.5, 0.9, 1]
        let operand = Tensor((0..<10_000).map { chances[$0 % 5] }, shape: [4, 2500])
        let draw = RandomDraw(.bernoulli, key: Self.key, isPerItem: true)
        let coins: [Bool] = try KernelRunner.run(.randomDraw(draw), [operand], items: [0, 1, 2, 3])[0].elements()
        for (place, chance) in chances.enumerated() {
            let heads = coins.enumerated().lazy.filter { $0.offset % 5 == place && $0.element }.count
            let deviation = (2000 * Double(chance) * (1 - Double(chance))).squareRoot()
            #expect(abs(Double(heads) - 2000 * Double(chance)) <= 3.5 * deviation, "\(chance): \(heads)")
        }
    }

    @Test func classesComeUpAsOftenAsTheyShould() throws {
        // Probabilities of 0.4, 0, 0.1 and 0.5, up to a factor.
        let logits: [Float] = [Float(log(400.0)), -.infinity, Float(log(100.0)), Float(log(500.0))]
        let draw = RandomDraw(.multinomial(samples: 5000), key: Self.key, isPerItem: true)
        let operand = Tensor(logits + logits, shape: [2, 4])
        let classes: [Int64] = try KernelRunner.run(.randomDraw(draw), [operand], items: [8, 9])[0].elements()
        for (index, share) in [0.4, 0, 0.1, 0.5].enumerated() {
            let count = Double(classes.lazy.filter { $0 == Int64(index) }.count)
            let deviation = (10_000 * share * (1 - share)).squareRoot()
            #expect(abs(count - 10_000 * share) <= 3.5 * deviation, "\(index)")
        }
        #expect(classes.prefix(5000) != classes.suffix(5000))
    }

    /// An item has the same numbers whatever else is in its microbatch, and on any number of threads.
    @Test(arguments: [
        RandomDraw.Distribution.normal(mean: 0, deviation: 1), .uniform(low: 0, high: 1), .bernoulli,
        .multinomial(samples: 7),
    ])
    func itemsKeepTheirNumbers(distribution: RandomDraw.Distribution) throws {
        var random = SeededGenerator(6)
        let all = [3, 4, 9, 1, 0]
        let operand = random.floats([10, 3])
        let draw = Operation.randomDraw(RandomDraw(distribution, key: Self.key, isPerItem: true))
        let whole = try KernelRunner.run(draw, [operand], items: all)[0]
        for threads in 2...3 {
            let other = try KernelRunner.run(draw, [operand], threads: threads, items: all)[0]
            #expect(whole.hasSameBytes(as: other), "\(threads) threads")
        }
        for (place, item) in all.enumerated() {
            func part(_ tensor: Tensor) throws -> Tensor {
                let bounds = [2 * place, 2 * place + 2, 0].map { Tensor([Int64($0)]) }
                return try KernelRunner.run(.slice(Slice()), [tensor] + bounds, constants: [1, 2, 3])[0]
            }
            let alone = try KernelRunner.run(draw, [part(operand)], items: [item])[0]
            let expected = try part(whole)
            #expect(alone.hasSameBytes(as: expected), "item \(item)")
        }
    }

    @Test func itemsThatTheFirstAxisDoesNotCountAreRefused() throws {
        let draw = RandomDraw(.normal(mean: 0, deviation: 1), key: 1, shape: [3, 2], isPerItem: true)
        let error = #expect(throws: KernelError.self) {
            try KernelRunner.run(.randomDraw(draw), [], items: [0, 1])
        }
        #expect(error?.description.contains("microbatch") == true)
    }
}
