import FoundationEssentials
import TestSupport
import Testing

/// Replicas of pipelines and of single stages: the same results in the same order as on one rank.
@Suite struct DataParallelTests {
    private static let items = 23

    private func job(formats: [String] = ["npy", "csv"]) throws -> TestJob {
        try TestJob.sums(layers: 6, items: DataParallelTests.items, microbatch: 2, formats: formats)
    }

    @Test(
        "pipelines beside one another",
        arguments: [(1, 2), (1, 5), (2, 2), (3, 2), (2, 3)], ["cyclic", "block", "random"])
    func replicas(degrees: (pipeline: Int, data: Int), distribution: String) throws {
        let job = try job()
        try MPInfer.expectSuccess(try job.run(["-q"]))
        let expected = try job.takeFiles()
        let (pipeline, data) = degrees
        let run = try job.run(
            ranks: pipeline * data,
            ["--json", "-q"]
                + ["pipeline=\(pipeline)", "data=\(data)", "distribution=\(distribution)", "seed=7"].flatMap {
                    ["--set", "parallelism.\($0)"]
                })
        let report = try run.decoded(QuickstartTests.Report.self)
        #expect(report.ranks.map(\.stage) == (0..<pipeline * data).map { $0 % pipeline })
        #expect(try job.takeFiles() == expected)
    }

    @Test("sharing by cost, and while the job runs", arguments: [(1, 3), (2, 2)])
    func sharing(degrees: (pipeline: Int, data: Int)) throws {
        let job = try job()
        try MPInfer.expectSuccess(try job.run(["-q"]))
        let expected = try job.takeFiles()
        let (pipeline, data) = degrees
        for settings in [
            ["by-shape"], ["by-size"], ["weighted"], ["longest-first"], ["round-robin"], ["dynamic"],
            ["dynamic", "chunk=3"], ["dynamic", "chunks=guided"], ["dynamic", "chunks=factoring"], ["least-loaded"],
        ] {
            let values =
                ["pipeline=\(pipeline)", "data=\(data)", "distribution=\(settings[0])"] + settings.dropFirst()
            let run = try job.run(
                ranks: pipeline * data, ["-q"] + values.flatMap { ["--set", "parallelism.\($0)"] })
            try MPInfer.expectSuccess(run)
            #expect(try job.takeFiles() == expected, "\(settings)")
        }
    }

    @Test("as many replicas as are fastest") func automatic() throws {
        // Three layers of nothing: messages would cost more than they save.
        let job = try job()
        let run = try job.run(
            ranks: 4, ["--json", "-q", "--set", "parallelism.data=auto", "--set", "schedule.microbatch=1"])
        let stages = try run.decoded(QuickstartTests.Report.self).ranks.map(\.stage)
        #expect(stages == [0, 0, 0, 0] || stages == [0, 1, 0, 1], "\(stages)")
    }

    @Test("a slow stage alone has replicas") func oneStage() throws {
        let job = try job()
        try MPInfer.expectSuccess(try job.run(["-q"]))
        let expected = try job.takeFiles()
        let path = "\(job.folder.path)/plan.json"
        try MPInfer.expectSuccess(
            MPInfer.run([
                "plan", job.specification, "--ranks", "3", "--set", "parallelism.strategy=uniform", "-o", path,
            ]))
        var file = try #require(JSONValue.parse(try job.folder.text("plan.json")))
        for ranks in [
            [[0], [1, 2, 3], [4]], [[1, 0], [2], [4, 3]], [[0, 1], [2, 3, 4], [5]], [[0], [1], [2, 3]],
        ] {
            let stages = [["sum1", "sum2"], ["sum3", "sum4"], ["sum5", "sum6"]]
            file["stages"] = .array(
                zip(ranks, stages).map {
                    .object([
                        "ranks": .array($0.map { .number(Double($0)) }), "layers": .array($1.map(JSONValue.text)),
                    ])
                })
            file["edges"] = nil
            try job.folder.write(file.encoded(), to: "replicas.json")
            let count = ranks.joined().count
            let arguments = ["--plan", "\(job.folder.path)/replicas.json"]
            try MPInfer.expectSuccess(try job.run(ranks: count, ["-q"] + arguments))
            #expect(try job.takeFiles() == expected, "\(ranks)")
            // A plan that was read is written as it was.
            let again = "\(job.folder.path)/again.json"
            try MPInfer.expectSuccess(
                MPInfer.run(["plan", job.specification, "--ranks", "\(count)", "-o", again] + arguments))
            try MPInfer.expectSuccess(try job.run(ranks: count, ["-q", "--plan", again]))
            #expect(try job.takeFiles() == expected)
            var other = file
            other["distribution"] = .object(["block": .object([:])])
            let mixed = try job.folder.write(other.encoded(), to: "block.json")
            MPInfer.expectFailure(
                try job.run(ranks: count, ["-q", "--plan", mixed]),
                ["stages with different numbers of replicas", "distribution must be cyclic"])
            MPInfer.expectFailure(
                try job.run(ranks: count + 1, ["-q"] + arguments),
                ["the plan is for \(count) ranks", "runs on \(count + 1)"])
        }
    }

    @Test("an item that one replica cannot do", arguments: ["cyclic", "dynamic", "least-loaded"])
    func failure(distribution: String) throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 1], .int64)
        model.constant("table", shape: [10], (0..<10).map(Int64.init))
        model.node("Gather", "lookup", ["table", "x"], attributes: [("axis", 0)])
        model.output("lookup", [nil, 1, 1], .int64)
        let items = (0..<40).map { $0 == 21 ? 99 : Int64($0 % 10) }
        let job = try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            inputs: [("x", folder.write(NumPyArray.file(shape: [40, 1], items), to: "x.npy"))], microbatch: 1,
            folder: folder)
        let run = try job.run(
            ranks: 3, ["-q", "--set", "parallelism.data=3", "--set", "parallelism.distribution=\(distribution)"])
        // Microbatch 21 is the first replica's, where that is known beforehand.
        let rank = distribution == "cyclic" ? "0: " : ""
        job.expectFailure(run, "mpinfer: error: rank \(rank)", "index 99", "at item 21;", within: 15)
    }

    @Test(
        "degrees that do not fit",
        arguments: [
            (
                ["pipeline=4", "data=2"], 6,
                ["pipeline 4 times data 2 is 8 ranks", "runs on 6", "6 x 1, 3 x 2, 2 x 3, 1 x 6"]
            ),
            (["data=4"], 6, ["parallelism.data is 4", "6 ranks", "set parallelism.data to 1, 2, 3, 6 or auto"]),
            (
                ["pipeline=4"], 6,
                ["parallelism.pipeline is 4 and the job runs on 6 ranks", "set parallelism.pipeline to 6"]
            ),
            (["pipeline=4", "data=auto"], 6, ["start 4 ranks, or a multiple of it"]),
            (["data=0"], 2, ["parallelism.data", "from 1 to"]), (["data=two"], 2, ["parallelism.data"]),
            (["distribution=cyclc"], 2, ["parallelism.distribution", "cyclic"]),
        ])
    func misfits(settings: [String], ranks: Int, words: [String]) throws {
        let job = try job()
        let run = try job.run(ranks: ranks, ["-q"] + settings.flatMap { ["--set", "parallelism.\($0)"] })
        MPInfer.expectFailure(run, words)
        // Without launched ranks the message is the same.
        let plan = try MPInfer.run(
            ["plan", job.specification, "--ranks", "\(ranks)"] + settings.flatMap { ["--set", "parallelism.\($0)"] })
        MPInfer.expectFailure(plan, words)
    }
}
