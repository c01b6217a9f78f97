import Foundation
import TestSupport
import Testing

/// `mpinfer profile` and `mpinfer compare`: what is measured, what is predicted, what is said about it.
@Suite struct CompareTests {
    private func object(_ run: ProcessRun) throws -> [String: Any] {
        try MPInfer.expectSuccess(run)
        return try #require(JSONSerialization.jsonObject(with: Data(run.stdout.utf8)) as? [String: Any])
    }

    @Test("a profile knows all layers, is kept, and is used") func profile() throws {
        let job = try TestJob.sums(layers: 6, items: 10)
        let cache = ["MPINFER_CACHE": "\(job.folder.path)/cache"]
        let path = "\(job.folder.path)/profile.json"
        let arguments = ["profile", job.specification, "--duration", "0", "-o", path]
        let shown = try MPInfer.run(arguments, ranks: 2, environment: cache)
        try MPInfer.expectSuccess(shown)
        #expect(shown.stdout.contains("sum6") && shown.stdout.contains("kept in \(job.folder.path)/cache/profiles/"))
        let profile = try object(try MPInfer.run(arguments + ["--json"], ranks: 2, environment: cache))
        let layers = try #require(profile["layers"] as? [[String: Any]])
        #expect(layers.compactMap { $0["name"] as? String } == (1...6).map { "sum\($0)" })
        #expect(layers.allSatisfy { $0["seconds"] as? Double ?? -1 >= 0 })
        #expect(job.folder.names(in: "out").isEmpty, "measuring leaves no outputs behind")

        // Without times strategy 'profiled' cannot work; with them, from the cache or a file, it does.
        let plan = ["plan", job.specification, "--ranks", "2", "--set", "parallelism.strategy=profiled"]
        MPInfer.expectFailure(try MPInfer.run(plan), ["strategy 'profiled' needs measured times", "mpinfer profile"])
        for run in [
            try MPInfer.run(plan + ["--profile", path]),
            try MPInfer.run(plan + ["--set", "threads=1"], environment: cache.mapValues { $0 }),
        ] {
            try MPInfer.expectSuccess(run)
            #expect(run.stdout.contains("strategy profiled, 2 stages"))
        }
        // The report then says how wrong the prediction was.
        let ran = try object(
            try job.run(
                ranks: 2,
                ["--json", "-q", "--set", "parallelism.strategy=optimal", "--set", "parallelism.profile=\(path)"]))
        let explanation = try #require(ran["explanation"] as? [String: Any])
        #expect((explanation["check"] as? [String: Any])?["error"] is Double)
        #expect(explanation["lowerBound"] as? Double ?? 0 > 0)
    }

    @Test("a profile of another model, another size, or none at all") func wrongProfile() throws {
        let job = try TestJob.sums(layers: 6, items: 10)
        let path = "\(job.folder.path)/profile.json"
        try MPInfer.expectSuccess(
            MPInfer.run(
                ["profile", job.specification, "--duration", "0", "-o", path], ranks: 1,
                environment: ["MPINFER_CACHE": "\(job.folder.path)/cache"]))
        let other = try TestJob.sums(layers: 7, items: 10)
        MPInfer.expectFailure(
            try MPInfer.run(["plan", other.specification, "--profile", path]),
            [path, "the profile is of another model"])
        MPInfer.expectFailure(
            try MPInfer.run(["plan", job.specification, "--profile", path, "--set", "schedule.microbatch=2"]),
            [path, "the profile is for microbatches of 4 items", "and the job has 2"])
        let text = try job.folder.text("profile.json")
        for (broken, words) in [
            (String(text.prefix(text.count / 2)), "this is no profile of mpinfer"),
            (text.replacing("\"version\" : 1", with: "\"version\" : 9"), "profile version 9"),
            (text.replacing("\"rest\" : ", with: "\"rest\" : -"), "a figure of the profile is negative"),
        ] {
            let file = try job.folder.write(broken, to: "broken.json")
            MPInfer.expectFailure(try MPInfer.run(["plan", job.specification, "--profile", file]), [file, words])
        }
    }

    @Test("plans are measured in turn, ranked, and told apart or not", .timeLimit(.minutes(5))) func compare() throws {
        let job = try TestJob.sums(layers: 6, items: 40)
        let csv = "\(job.folder.path)/table.csv"
        let markdown = "\(job.folder.path)/table.md"
        let report = try object(
            try MPInfer.run(
                [
                    "compare", job.specification, "--ranks", "1,3", "--microbatches", "2,4", "--rounds", "3", "--json",
                    "--strategies", "uniform,flops,optimal,random", "--csv", csv, "--markdown", markdown, "-q",
                ], ranks: 3, timeout: 240))
        let entries = try #require(report["entries"] as? [[String: Any]])
        // On one rank all strategies agree, and are measured once.
        #expect(entries.count { $0["ranks"] as? Int == 1 } == 2)
        #expect(
            entries.contains { $0["strategies"] as? [String] == ["uniform", "flops", "optimal", "random"] })
        let speeds = entries.compactMap { $0["itemsPerSecond"] as? Double }
        #expect(speeds.count == entries.count && speeds == speeds.sorted(by: >) && speeds.last! > 0)
        for (place, entry) in entries.enumerated() {
            #expect((entry["rounds"] as? [Double])?.count == 3)
            let predicted = try #require(entry["predicted"] as? [String: Any])
            #expect(predicted["itemsPerSecond"] as? Double ?? 0 > 0 && predicted["latency"] as? Double ?? 0 > 0)
            #expect(entry["latency"] as? Double ?? 0 > 0 && entry["peakMemory"] as? Int ?? 0 > 1_000_000)
            #expect((entry["ratioToBest"] == nil) == (place == 0))
        }
        let rows = try job.folder.text("table.csv").split(separator: "\r\n")
        #expect(rows.count == entries.count + 1)
        #expect(rows.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 17 })
        #expect(try job.folder.text("table.md").contains("| strategy |"))
        #expect(job.folder.names(in: "out").isEmpty, "comparing leaves no outputs behind")
    }

    @Test("a comparison that cannot be made") func errors() throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        func expect(_ arguments: [String], ranks: Int = 2, _ words: String...) throws {
            MPInfer.expectFailure(
                try MPInfer.run(["compare", job.specification, "-q"] + arguments, ranks: ranks), words)
        }
        try expect(["--ranks", "3"], "a comparison over 3 ranks is asked for, and there are 2")
        try expect(
            ["--strategies", "manual"], "strategy 'manual' can be compared only for a job that has parallelism.cuts")
        try expect(["--strategies", "uniform"], ranks: 4, "nothing is left to compare", "at most 3 ranks")
        try expect(["--set", "schedule.microbatch=auto"], "say which sizes to compare")
    }

    @Test("a failure while plans are compared ends all ranks") func failure() throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        try job.folder.write("no array", to: "x.npy")
        let run = try MPInfer.run(["compare", job.specification, "-q"], ranks: 3)
        MPInfer.expectFailure(run, ["x.npy"])
    }
}
