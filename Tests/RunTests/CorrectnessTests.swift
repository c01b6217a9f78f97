import TestSupport
import Testing

/// Whole jobs against the outputs of ONNX Runtime.
@Suite struct CorrectnessTests {
    static let sets = ["quickstart", "light", "models", "sequences", "real"]

    @Test(.enabled(if: Material.isRequired, "MPINFER_REQUIRE_MATERIAL is not 1"))
    func materialIsThere() {
        for set in CorrectnessTests.sets + ["bad"] {
            #expect(!Material.cases(set).isEmpty, "\(Material.folder)/\(set): \(Material.absent)")
        }
    }

    @Test(
        "outputs are those of ONNX Runtime",
        .enabled(if: Material.isThere("quickstart", "light", "models", "sequences", "real"), "\(Material.absent)"),
        arguments: Material.cases("quickstart", "light", "models", "sequences", "real"))
    func outputs(_ test: Material.Case) throws {
        try #require(test.facts.skip == nil)
        let job = try TestJob(test)
        try MPInfer.expectSuccess(try job.run(["-q"]))
        // Numbers of half the width carry 11 bits.
        let tolerance = test.name == "float16" ? try #require(test.facts.rtol) : 1e-4
        for output in try #require(test.facts.outputs) {
            let actual = try job.array(output.name)
            let expected = try NumPyArray(path: "\(test.folder)/\(output.file)")
            #expect(actual.descriptor == expected.descriptor && actual.shape == expected.shape)
            try #require(actual.values.count == expected.values.count)
            let largest = expected.values.lazy.map(abs).max() ?? 0
            var worst = 0.0
            for (mine, theirs) in zip(actual.values, expected.values) {
                // A comparison with NaN is false, and must not pass for that.
                let difference = abs(mine - theirs)
                worst = difference.isNaN ? .infinity : max(worst, difference)
            }
            #expect(worst <= tolerance * largest, "\(output.name): off by \(worst / largest) of the largest value")
        }
    }
}
