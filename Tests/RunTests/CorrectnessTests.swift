import TestSupport
import Testing

/// Whole jobs against the outputs of ONNX Runtime.
@Suite struct CorrectnessTests {
    static let sets = ["quickstart", "light", "models", "sequences", "real", "pytorch", "today", "half", "encoders"]

    @Test(.enabled(if: Material.isRequired, "MPINFER_REQUIRE_MATERIAL is not 1"))
    func materialIsThere() {
        for set in CorrectnessTests.sets + ["bad"] {
            #expect(!Material.cases(set).isEmpty, "\(Material.folder)/\(set): \(Material.absent)")
        }
    }

    @Test(
        "outputs are those of ONNX Runtime, and of NumPy for encoders",
        .enabled(if: Material.isThere(sets), "\(Material.absent)"), arguments: Material.cases(sets))
    func outputs(_ test: Material.Case) throws {
        try #require(test.facts.skip == nil)
        let job = try TestJob(test)
        try MPInfer.expectSuccess(try job.run(["-q"]))
        let carried = test.facts.carried.map { Set($0.values) } ?? []
        for output in try #require(test.facts.outputs) where !carried.contains(output.name) {
            try CorrectnessTests.compare(job, with: test, output)
        }
    }

    @Test(
        "each item, given the state that it should have, gives its result and the next state",
        .enabled(if: Material.isThere("real"), "\(Material.absent)"),
        arguments: Material.cases("real").filter { independent.contains($0.name) })
    func itemsOnTheirOwn(_ test: Material.Case) throws {
        let job = try TestJob(test, microbatch: 100, carriesState: false)
        try MPInfer.expectSuccess(try job.run(["-q"]))
        for output in try #require(test.facts.outputs) { try CorrectnessTests.compare(job, with: test, output) }
    }

    /// Those of the models with state whose files name the batch, in the state too.
    private static let independent = [
        "silero-vad-16k-op15", "silero-vad-half", "silero-vad-op18-ifless-16k", "silero-vad-op18-ifless-8k",
    ]

    private static func compare(_ job: TestJob, with test: Material.Case, _ output: Material.Facts.File) throws {
        // Half-precision numbers have 11 significant bits. Where values are rounded to 8 bits in a hundred
        // places, half an ulp changes the rounding: ONNX Runtime's own output moves by 1.8 % of its largest value when
        // its input does by 1e-7.
        let isCoarse = test.set == "half" || test.name == "float16" || test.name.hasPrefix("ddddocr-quantised")
        let tolerance = isCoarse ? try #require(test.facts.rtol) : 1e-4
        let expected = try NumPyArray(path: "\(test.folder)/\(output.file)")
        let actual = try job.values(output.name)
        if test.facts.job?.formats == nil {
            let array = try job.array(output.name)
            #expect(array.descriptor == expected.descriptor && array.shape == expected.shape)
        }
        try #require(actual.count == expected.values.count)
        let largest = expected.values.lazy.map(abs).max() ?? 0
        var worst = 0.0
        for (mine, theirs) in zip(actual, expected.values) {
            // A comparison with NaN is false, and must not count as equal.
            let difference = abs(mine - theirs)
            worst = difference.isNaN ? .infinity : max(worst, difference)
        }
        #expect(worst <= tolerance * largest, "\(output.name): off by \(worst / largest) of the largest value")
    }
}
