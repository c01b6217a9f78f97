import TestSupport
import Testing

/// Ranks of one job that compute with AVX2 and with AVX-512 alternately give the bytes of one rank with either.
///
/// Needs AVX-512, or the build that `make emulated-avx512` makes.
@Suite struct MixedInstructionTests {
    private static let sets = ["quickstart", "models", "sequences", "light", "today", "half", "encoders"]

    /// Whether this build finds the level on this machine: it refuses one that it cannot give.
    private static let hasBoth: Bool = {
        guard let job = try? TestJob.sums(layers: 2, items: 2) else { return false }
        let run = try? job.run(["-q"], environment: ["MPINFER_CPU": "avx512"])
        return run?.succeeded == true
    }()

    @Test(
        .enabled(if: hasBoth, "this CPU lacks AVX-512; 'make emulated-avx512' tests it by emulation"),
        .enabled(if: Material.isThere(sets), "\(Material.absent)"), arguments: Material.cases(sets))
    func sameBytes(_ test: Material.Case) throws {
        let job = try TestJob(test)
        try MPInfer.expectSuccess(try job.run(["-q"], environment: ["MPINFER_CPU": "avx2"]))
        let expected = try job.takeFiles()
        try #require(!expected.isEmpty)
        try MPInfer.expectSuccess(try job.run(["-q"], environment: ["MPINFER_CPU": "avx512"]))
        compare(try job.takeFiles(), with: expected, "1 rank with avx512")

        let ranks = min(3, try job.layers(model: test.model).count)
        let byTurns = "[ $((OMPI_COMM_WORLD_RANK % 2)) = 0 ] && l=avx2 || l=avx512; MPINFER_CPU=$l exec \"$0\" \"$@\""
        let mixed = try MPILauncher.run(
            executable: "/bin/sh", ranks: ranks,
            arguments: [
                "-c", byTurns, try BuiltExecutable.path("mpinfer"), "run", job.specification, "-q", "--set",
                "parallelism.strategy=parameters",
            ], timeout: 120)
        try MPInfer.expectSuccess(mixed)
        compare(try job.takeFiles(), with: expected, "\(ranks) ranks with both")
    }

    private func compare(_ actual: [String: [UInt8]], with expected: [String: [UInt8]], _ how: String) {
        #expect(actual.keys.sorted() == expected.keys.sorted(), "\(how)")
        for (name, bytes) in expected where actual[name] != bytes {
            let differing = zip(bytes, actual[name] ?? []).lazy.filter { $0 != $1 }.count
            Issue.record("\(how): \(differing) of \(bytes.count) bytes of \(name) differ")
        }
    }
}
