import TestSupport
import Testing

/// However a model is cut and on however many threads it runs, the output files have the same bytes.
///
/// MPINFER_FULL_CAMPAIGN=1 runs all combinations, which takes hours; otherwise each model has its share of them.
@Suite struct IdenticalBitsTests {
    private static let shareOfEach = 2

    @Test(
        "the same bytes from every cut",
        .enabled(
            if: Material.isThere(sets), "\(Material.absent)"),
        arguments: Array(cases.enumerated().map { NumberedCase(number: $0, test: $1) }))
    func cuts(_ numbered: NumberedCase) throws {
        let test = numbered.test
        let variations = MPInfer.isFullCampaign() ? Variation.all : IdenticalBitsTests.share(numbered)
        let job = try TestJob(test, microbatch: try IdenticalBitsTests.microbatch(test))
        let layers = try job.layers(model: test.model)
        try MPInfer.expectSuccess(try job.run(["-q", "--set", "threads=1"]))
        let expected = try job.takeFiles()
        // Carried state is written nowhere.
        try #require(expected.count == (test.facts.outputs?.count ?? 0) - (test.facts.carried?.count ?? 0))
        for variation in variations where variation.ranks <= layers.count {
            // Cuts that are drawn may part state from its layers, which is refused.
            if test.facts.carried != nil, case .manual = variation.strategy { continue }
            // State goes from item to item, so that replicas are refused too.
            if test.facts.carried != nil, variation.replicas > 1 { continue }
            let arguments = try variation.arguments(layers, job)
            let run = try job.run(ranks: variation.rankCount, arguments)
            guard run.succeeded else {
                Issue.record("\(variation): \(arguments) \(run)")
                continue
            }
            let actual = try job.takeFiles()
            #expect(actual.keys.sorted() == expected.keys.sorted())
            for (name, bytes) in expected where actual[name] != bytes {
                let differing = zip(bytes, actual[name] ?? []).lazy.filter { $0 != $1 }.count
                Issue.record("\(variation): \(differing) of \(bytes.count) bytes of \(name) differ: \(arguments)")
            }
        }
    }

    private static func share(_ numbered: NumberedCase) -> [Variation] {
        if numbered.test.set == "half" {
            // Inside what kernels fuse in float32, where a rounding could be lost.
            return [2 + numbered.number % 3, 5].map { ranks in
                Variation(
                    ranks: ranks, strategy: .manual(seed: 2 * (numbered.number + ranks) + 1), threads: 1 + ranks % 2)
            }
        }
        guard numbered.test.set == "pytorch" || numbered.test.facts.carried != nil else {
            let first = numbered.number * shareOfEach
            return Variation.few(first..<first + shareOfEach)
        }
        // Hundreds of megabytes, or a thousand items one after another.
        let drawn = numbered.test.facts.carried == nil ? Variation.Strategy.manual(seed: numbered.number) : .flops
        let strategies: [Variation.Strategy] = [.flops, drawn, .parameters, .uniform]
        return [
            Variation(
                ranks: 3, strategy: strategies[numbered.number % 4], threads: 1 + numbered.number % 2,
                isInPieces: numbered.number % 3 == 0)
        ]
    }

    private static let sets = [
        "quickstart", "models", "sequences", "real", "light", "pytorch", "today", "half", "encoders",
    ]

    private static let cases = Material.cases(sets).filter {
        test in
        // One of the two sizes of the detection network, and one of the classics, which are slow, are enough.
        switch test.set {
        case "real": MPInfer.isFullCampaign() || test.name != "ppocr-detection-320x480"
        case "light": MPInfer.isFullCampaign() || test.name == "light_shufflenet"
        default: true
        }
    }

    struct NumberedCase: Sendable, CustomStringConvertible {
        let number: Int
        let test: Material.Case
        var description: String { test.description }
    }

    /// More than one microbatch where the model allows it, and a shorter last one.
    private static func microbatch(_ test: Material.Case) throws -> Int {
        switch (test.set, test.name) {
        case ("quickstart", _): return 50
        case ("models", _), ("sequences", _): return 3
        case ("encoders", _): return 4
        case ("pytorch", _), ("today", _), ("half", _): return 2
        default: return 1
        }
    }
}
