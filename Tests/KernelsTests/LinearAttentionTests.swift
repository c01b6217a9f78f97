import Graphs
import Tensors
import Testing

@testable import Kernels

/// Operators that carry a state from position to position: a sequence in two pieces is the sequence at once.
struct LinearAttentionTests {
    private func tensor(_ shape: [Int], seed: UInt64) -> Tensor {
        var random = SeededGenerator(seed)
        return random.floats(shape)
    }

    /// Positions `range` of axis `axis`.
    private func piece(_ tensor: Tensor, axis: Int, _ range: Range<Int>) throws -> Tensor {
        let operands = [
            tensor, Tensor([Int64(range.lowerBound)]), Tensor([Int64(range.upperBound)]), Tensor([Int64(axis)]),
        ]
        return try KernelRunner.run(.slice(Slice()), operands, constants: [1, 2, 3])[0]
    }

    @Test("a sequence in two pieces, on any number of threads") func pieces() throws {
        let rule = LinearAttention(queryHeads: 4, keyHeads: 2, decays: true, corrects: true)
        let whole = [
            tensor([3, 7, 20], seed: 1), tensor([3, 7, 10], seed: 2), tensor([3, 7, 6], seed: 3),
            tensor([3, 2, 5, 3], seed: 4), tensor([3, 7, 2], seed: 5), tensor([3, 7, 1], seed: 6),
        ]
        let expected = try KernelRunner.runOnThreads(.linearAttention(rule), whole)
        var state = whole[3]
        for range in [0..<3, 3..<7] {
            var operands: [Tensor] = []
            for (index, tensor) in whole.enumerated() {
                operands.append(index == 3 ? state : try piece(tensor, axis: 1, range))
            }
            let made = try KernelRunner.run(.linearAttention(rule), operands)
            #expect(
                made[0].elements(of: Float.self) == (try piece(expected[0], axis: 1, range)).elements(of: Float.self))
            state = made[1]
        }
        #expect(state.elements(of: Float.self) == expected[1].elements(of: Float.self))
    }

    @Test("a causal convolution in two pieces, the second shorter than the kernel") func convolutionPieces() throws {
        let operation = Operation.causalConvolution(CausalConvolution(appliesSilu: true))
        let whole = [
            tensor([2, 3, 6], seed: 7), tensor([3, 1, 4], seed: 8), tensor([3], seed: 9), tensor([2, 3, 3], seed: 10),
        ]
        let expected = try KernelRunner.runOnThreads(operation, whole)
        var state = whole[3]
        for range in [0..<5, 5..<6] {
            let made = try KernelRunner.run(
                operation, [try piece(whole[0], axis: 2, range), whole[1], whole[2], state])
            #expect(
                made[0].elements(of: Float.self) == (try piece(expected[0], axis: 2, range)).elements(of: Float.self))
            state = made[1]
        }
        #expect(state.elements(of: Float.self) == expected[1].elements(of: Float.self))
    }

    @Test("operands that do not go together are refused with words") func refusals() {
        func refuse(_ operation: Operation, _ types: [TensorType?], _ words: String) {
            do {
                _ = try operation.attributes.outputTypes(
                    of: Operands(types.map { $0.map { Operands.Operand(type: $0) } }))
                Issue.record("\(types) pass")
            } catch { #expect("\(error)".contains(words), "\(error)") }
        }
        func type(_ dimensions: Int...) -> TensorType { TensorType(.float32, Shape(dimensions)) }
        let linear = Operation.linearAttention(
            LinearAttention(queryHeads: 4, keyHeads: 2, decays: false, corrects: false))
        refuse(linear, [type(1, 3, 8), type(1, 3, 6), type(1, 3, 4)], "keys")
        refuse(linear, [type(1, 3, 8), type(1, 3, 4), type(1, 2, 4)], "go together")
        refuse(linear, [type(1, 3, 8), type(1, 3, 4), type(1, 3, 4), type(1, 2, 3, 2)], "the state must be")
        refuse(linear, [type(1, 3, 8), type(1, 3, 4), type(1, 3, 4), nil, type(1, 3, 2)], "takes no decay")
        let gated = Operation.linearAttention(
            LinearAttention(queryHeads: 4, keyHeads: 2, decays: true, corrects: false))
        refuse(gated, [type(1, 3, 8), type(1, 3, 4), type(1, 3, 4)], "needs decay")
        refuse(gated, [type(1, 3, 8), type(1, 3, 4), type(1, 3, 4), nil, type(1, 3, 3)], "decay must be")
        let causal = Operation.causalConvolution(CausalConvolution())
        refuse(causal, [type(1, 3, 8), type(3, 2, 4)], "kernels must be")
        refuse(causal, [type(1, 3, 8), type(3, 1, 0)], "kernels must be")
        refuse(causal, [type(1, 3, 8), type(3, 1, 4), nil, type(1, 3, 4)], "the state must be")
    }
}
