import Graphs
import Tensors
import Testing

@testable import Kernels

/// Weights out of packed numbers against their definition.
struct WeightUnpackingTests {
    private enum Zeros: CaseIterable { case none, packed, numbers }

    /// Numbers of few bits, each run of `rowLength` from a byte of its own, the first in the lowest bits.
    private func packed(_ numbers: [Int], bits: Int, rowLength: Int) -> [UInt8] {
        let perByte = 8 / bits
        return stride(from: 0, to: numbers.count, by: rowLength).flatMap { row in
            stride(from: 0, to: rowLength, by: perByte).map { first in
                (first..<min(first + perByte, rowLength)).reduce(UInt8(0)) { byte, index in
                    byte | UInt8(numbers[row + index] << ((index - first) * bits))
                }
            }
        }
    }

    @Test(arguments: 0..<36) func agreesWithTheDefinition(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed) + 50)
        let bits = [2, 4, 8][seed % 3]
        let unpacking = WeightUnpacking(
            rows: random.integer(1...70), columns: random.integer(1...40), bits: bits,
            blockSize: [16, 32][random.integer(0...1)])
        let (rows, columns, blocks) = (unpacking.rows, unpacking.columns, unpacking.blocks)
        let depth = blocks * unpacking.blockSize
        let largest = 1 << bits - 1
        let numbers = (0..<columns * depth).map { _ in random.integer(0...largest) }
        let scales = random.floats([columns, blocks])
        let zeros = Zeros.allCases[seed / 3 % 3]
        let points = (0..<columns * blocks).map { _ in
            zeros == .none ? 1 << (bits - 1) : random.integer(0...largest)
        }
        let groups = seed % 2 == 0 ? nil : (0..<rows).map { _ in Int32(random.integer(0...blocks - 1)) }
        let zeroOperand: Tensor? =
            switch zeros {
            case .none: nil
            case .packed: Tensor(packed(points, bits: bits, rowLength: blocks))
            case .numbers: Tensor(points.map(Float.init))
            }
        let result = try KernelRunner.runOnThreads(
            .weightUnpacking(unpacking),
            [Tensor(packed(numbers, bits: bits, rowLength: depth)), scales, zeroOperand, groups.map { Tensor($0) }])[0]
        let scale: [Float] = scales.elements()
        let expected = indices(of: [rows, columns]).map { place -> Float in
            let block = groups.map { Int($0[place[0]]) } ?? place[0] / unpacking.blockSize
            let run = place[1] * blocks + block
            return Float(numbers[place[1] * depth + place[0]] - points[run]) * scale[run]
        }
        #expect(result.shape == Shape([rows, columns]))
        #expect(result.elements(of: Float.self) == expected, "\(unpacking), \(zeros)")
    }

    @Test func aRowOfNoBlockIsNamed() throws {
        let unpacking = WeightUnpacking(rows: 32, columns: 1, bits: 4, blockSize: 16)
        var groups = [Int32](repeating: 1, count: 32)
        groups[9] = 2
        let error = #expect(throws: KernelError.self) {
            try KernelRunner.run(
                .weightUnpacking(unpacking),
                [Tensor([UInt8](repeating: 0, count: 16)), Tensor([Float(1), 2]), nil, Tensor(groups)])
        }
        #expect(error?.description.contains("row 9") == true)
    }
}
