internal import Kernels

/// Whether all ranks of a job round in the same way: only then does a stage give the same bits on each of them.
enum MixedArithmetic {
    /// What to tell the user; nil where all ranks round in the same way. AVX2 and AVX-512 kernels give the same bits,
    /// portable ones do not, and OpenBLAS's depend on the kind of CPU.
    ///
    /// - Parameter choices: by rank.
    static func warning(_ choices: [InstructionSet.Choice]) -> String? {
        let consequence = "a stage may differ in its last bits by the rank that computes it"
        if let other = choices.firstIndex(where: { ($0.kernels == "portable") != (choices[0].kernels == "portable") }) {
            return
                "rank 0 computes with \(choices[0].kernels) kernels and rank \(other) with \(choices[other].kernels): "
                + "\(consequence); set MPINFER_CPU=portable for all ranks, or leave the nodes without AVX2 out"
        }
        if let other = choices.firstIndex(where: { $0.openBLAS != choices[0].openBLAS }) {
            return "OpenBLAS computes for \(choices[0].openBLAS) on rank 0 and for \(choices[other].openBLAS) on rank "
                + "\(other): \(consequence); set OPENBLAS_CORETYPE=Haswell for all ranks"
        }
        return nil
    }
}
