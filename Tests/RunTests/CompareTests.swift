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

    @Test("a run says what limits it, and plans again from what it measured") func replan() throws {
        let job = try TestJob.sums(layers: 6, items: 40)
        let path = "\(job.folder.path)/again.json"
        let text = try job.run(ranks: 2, ["-q", "--replan", path])
        try MPInfer.expectSuccess(text)
        #expect(text.stdout.contains("\nlimited by ") && text.stdout.contains("no plan for these ranks can take less"))
        let again = try job.run(ranks: 2, ["-q", "--json", "--plan", path])
        let report = try object(again)
        #expect(report["strategy"] as? String == "optimal")
        let breakdown = try #require(report["breakdown"] as? [String: Any])
        let total = try #require(breakdown["total"] as? Double)
        for rank in try #require(breakdown["ranks"] as? [[String: Double]]) {
            let parts = ["load", "compute", "communication", "inputOutput", "imbalance", "bubble"]
            let sum = try parts.reduce(0) { try $0 + #require(rank[$1]) }
            #expect(abs(sum - total) < 1e-6 * total, "the time of a rank adds up")
        }
        let sums = (0..<40).flatMap { [Double](repeating: Double($0 + 6), count: 3) }
        #expect(try job.array("sum6").values == sums)
    }

    @Test("the program chooses the size of microbatches") func automaticMicrobatch() throws {
        let job = try TestJob.sums(layers: 6, items: 40)
        let automatic = ["--set", "schedule.microbatch=auto"]
        let report = try object(try job.run(ranks: 2, ["-q", "--json"] + automatic))
        let size = try #require(report["microbatch"] as? Int)
        #expect([1, 2, 4, 8, 16].contains(size))
        let sums = (0..<40).flatMap { [Double](repeating: Double($0 + 6), count: 3) }
        #expect(try job.array("sum6").values == sums)
        // Where each message waits for its receiver, few large messages are best with a long latency, and many small
        // ones without.
        func chosen(_ latency: Double) throws -> Int {
            let cluster = try job.folder.write(
                """
                version: 1
                nodes: [{count: 2, ranks: 1, gigaflops: 0.000001}]
                across-nodes: {latency: \(latency), bandwidth: 1}
                eager: 0
                """, to: "cluster.yaml")
            let plan = try object(
                try MPInfer.run(
                    ["plan", job.specification, "--ranks", "2", "--json", "--cluster", cluster] + automatic))
            return try #require(plan["microbatch"] as? Int)
        }
        let small = try chosen(0.001)
        let large = try chosen(1e9)
        #expect(small < large, "\(small) < \(large)")
        // Where some sizes were measured it is one of these.
        let cache = ["MPINFER_CACHE": "\(job.folder.path)/cache", "OPENBLAS_NUM_THREADS": "1"]
        try MPInfer.expectSuccess(
            MPInfer.run(
                ["profile", job.specification, "--microbatches", "2,8", "--duration", "0"], ranks: 1, environment: cache
            ))
        let run = try MPInfer.run(
            ["run", job.specification, "-q", "--json"] + automatic, ranks: 2, environment: cache)
        #expect(try [2, 8].contains(#require(object(run)["microbatch"] as? Int)))
        // A profile is for one size.
        MPInfer.expectFailure(
            try MPInfer.run(["profile", job.specification] + automatic, ranks: 1),
            ["say which", "schedule.microbatch=8"])
    }

    @Test("random cuts hang on the seed alone") func seeds() throws {
        let job = try TestJob.sums(layers: 12, items: 8)
        func cuts(_ seed: Int) throws -> String {
            let run = try MPInfer.run([
                "plan", job.specification, "--ranks", "4", "--json", "--set", "parallelism.strategy=random", "--set",
                "parallelism.seed=\(seed)",
            ])
            try MPInfer.expectSuccess(run)
            return run.stdout
        }
        #expect(try cuts(3) == cuts(3))
        #expect(Set(try (0..<6).map(cuts)).count > 1)
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

    @Test("replicas stand beside pipelines of the same ranks") func replicas() throws {
        let job = try TestJob.sums(layers: 6, items: 40)
        let report = try object(
            try MPInfer.run(
                [
                    "compare", job.specification, "--rounds", "1", "--json", "-q", "--strategies", "uniform,flops",
                    "--replicas", "1,2,3,4",
                ], ranks: 4, timeout: 120))
        let entries = try #require(report["entries"] as? [[String: Any]])
        var stages: [String: [[Int]]] = [:]
        for entry in entries {
            let parts = try #require(entry["stages"] as? [[String: Any]]).compactMap { $0["ranks"] as? [Int] }
            for name in try #require(entry["strategies"] as? [String]) { stages[name] = parts }
            #expect(entry["itemsPerSecond"] as? Double ?? 0 > 0)
            #expect((entry["predicted"] as? [String: Any])?["itemsPerSecond"] as? Double ?? 0 > 0)
        }
        // Three do not share four ranks evenly.
        #expect(
            stages == [
                "uniform": [[0], [1], [2], [3]], "flops": [[0], [1], [2], [3]], "uniform x2": [[0, 2], [1, 3]],
                "flops x2": [[0, 2], [1, 3]], "uniform x4": [[0, 1, 2, 3]], "flops x4": [[0, 1, 2, 3]],
            ])
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
        try expect(["--replicas", "3"], "3 replicas do not share 2 ranks evenly: choose numbers that divide them")
    }

    @Test("a failure while plans are compared ends all ranks") func failure() throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        try job.folder.write("no array", to: "x.npy")
        let run = try MPInfer.run(["compare", job.specification, "-q"], ranks: 3)
        MPInfer.expectFailure(run, ["x.npy"])
    }
}
