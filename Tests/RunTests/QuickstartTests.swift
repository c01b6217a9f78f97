import FoundationEssentials
import TestSupport
import Testing

/// The main job as a newcomer runs it, in a copy of jobs/ so that nothing is written into the repository.
@Suite struct QuickstartTests {
    struct Expected: Decodable {
        let images: Int
        let correct: Int
    }

    private func copyOfJobs() throws -> (ScratchFolder, Expected) {
        let folder = try ScratchFolder()
        try folder.copy("\(Material.packageFolder)/jobs", to: "jobs")
        let json = try folder.bytes("jobs/quickstart/accuracy.json")
        return (folder, try JSONDecoder().decode(Expected.self, from: Data(json)))
    }

    @Test("mpirun -np 8 mpinfer, without any argument") func withoutArguments() throws {
        let (folder, expected) = try copyOfJobs()
        let run = try MPInfer.run([], ranks: 8, directory: folder.path)
        try MPInfer.expectSuccess(run)
        #expect(run.stdout.contains("accuracy: \(expected.correct) of \(expected.images) = 98.6 %"), "\(run)")
        // The table of the ranks, and then what limits the run.
        #expect(run.stdout.contains("\nlimited by "))
        let lines = run.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let header = try #require(lines.lastIndex { $0.hasPrefix("rank ") })
        for word in ["stage", "layers", "load", "compute", "communication", "imbalance", "bubble", "memory"] {
            #expect(lines[header].contains(word))
        }
        let rows = lines[(header + 2)...].prefix { !$0.isEmpty }.map { $0.split(separator: " ") }
        #expect(rows.map { $0[0] } == (0..<8).map { "\($0)" })
        #expect(rows.map { $0[2] } == (0..<8).map { "\($0)" })
        #expect(folder.names(in: "results") == ["quickstart", "quickstart/logits.csv", "quickstart/logits.jsonl"])
        #expect(try folder.text("results/quickstart/logits.jsonl").split(separator: "\n").count == expected.images)
    }

    /// What the tests read of a report.
    struct Report: Decodable {
        struct Rank: Decodable {
            let rank: Int
            let stage: Int
            let layerCount: Int
            let compute: Double
            let communication: Double
            let inputOutput: Double
            let idle: Double
            let peakMemory: Int
        }
        struct Result: Decodable {
            let correct: Int
            let labelled: Int
            let files: [String]
        }
        let items: Int
        let microbatch: Int
        let microbatches: Int
        let seconds: Double
        let ranks: [Rank]
        let result: Result
    }

    @Test("--json adds up", arguments: [1, 3, 8]) func report(ranks: Int) throws {
        let (folder, expected) = try copyOfJobs()
        let run = try MPInfer.run(
            ["run", "--json", "--set", "schedule.microbatch=7"], ranks: ranks, directory: folder.path)
        let report = try run.decoded(Report.self)
        #expect(report.items == expected.images && report.result.labelled == expected.images)
        #expect(report.result.correct == expected.correct)
        #expect(report.microbatch == 7 && report.microbatches == 52)
        #expect(report.result.files.count == 2)
        #expect(report.ranks.map(\.rank) == Array(0..<ranks))
        #expect(report.ranks.map(\.stage) == Array(0..<ranks))
        #expect(report.ranks.reduce(0) { $0 + $1.layerCount } == 10)
        for rank in report.ranks {
            let parts = [rank.compute, rank.communication, rank.inputOutput, rank.idle]
            let sum = parts.reduce(0, +)
            #expect(
                abs(sum - report.seconds) <= 0.02 * report.seconds, "rank \(rank.rank): \(sum) of \(report.seconds) s")
            #expect(parts.allSatisfy { $0 >= 0 } && rank.peakMemory > 1_000_000)
        }
    }
}
