import Kernels
import Testing

@testable import Jobs

@Suite struct MixedArithmeticTests {
    private func warning(_ choices: [(String, String)]) -> String? {
        MixedArithmetic.warning(choices.map { InstructionSet.Choice(kernels: $0.0, openBLAS: $0.1) })
    }

    @Test func ranksAlike() {
        #expect(warning([("avx2", "Zen")]) == nil)
        #expect(warning([("avx2", "Haswell"), ("avx512", "Haswell"), ("avx2", "Haswell")]) == nil)
        #expect(warning([("portable", "Prescott"), ("portable", "Prescott")]) == nil)
    }

    @Test func aRankWithoutFusedMultiplication() throws {
        let text = try #require(warning([("avx512", "Haswell"), ("avx2", "Haswell"), ("portable", "Haswell")]))
        #expect(text.contains("rank 0 computes with avx512 kernels and rank 2 with portable"))
        #expect(text.contains("set MPINFER_CPU=portable"))
    }

    @Test func otherKernelsOfOpenBLAS() throws {
        let text = try #require(warning([("avx2", "Zen"), ("avx512", "SkylakeX")]))
        #expect(text.contains("for Zen on rank 0 and for SkylakeX on rank 1"))
        #expect(text.contains("OPENBLAS_CORETYPE=Haswell"))
    }
}
