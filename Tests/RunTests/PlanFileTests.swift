import FoundationEssentials
import TestSupport
import Testing

/// Plans written to files, edited by hand, and run.
@Suite struct PlanFileTests {
    private static let items = 10

    private func job() throws -> TestJob { try TestJob.sums(layers: 6, items: PlanFileTests.items) }

    private func plan(_ job: TestJob, ranks: Int) throws -> (path: String, text: String) {
        let path = "\(job.folder.path)/plan.json"
        try MPInfer.expectSuccess(
            MPInfer.run([
                "plan", job.specification, "--ranks", "\(ranks)", "--set", "parallelism.strategy=uniform", "-o", path,
            ]))
        return (path, try job.folder.text("plan.json"))
    }

    private func expectSums(_ job: TestJob) throws {
        #expect(
            try job.array("sum6").values
                == (0..<PlanFileTests.items).flatMap { [Double](repeating: Double($0 + 6), count: 3) })
    }

    @Test("a plan that was written runs") func writtenPlan() throws {
        let job = try job()
        let plan = try plan(job, ranks: 3)
        let run = try job.run(ranks: 3, ["--plan", plan.path, "--json", "-q"])
        #expect(try run.decoded(QuickstartTests.Report.self).ranks.map(\.layerCount) == [2, 2, 2])
        try expectSums(job)
        // It is one of the uniform strategy, whatever the job says now.
        let shown = try MPInfer.run(["plan", job.specification, "--plan", plan.path])
        #expect(shown.succeeded && shown.stdout.contains("strategy uniform, 3 stages"), "\(shown)")
        // A cluster that has fewer ranks is not for it.
        try job.folder.write("version: 1\nnodes: [{ranks: 2, gigaflops: 50}]\n", to: "small.yaml")
        MPInfer.expectFailure(
            try MPInfer.run([
                "plan", job.specification, "--plan", plan.path, "--cluster", "\(job.folder.path)/small.yaml",
            ]), ["the plan is for 3 ranks, and the cluster has 2"])
    }

    @Test("a layer moved by hand moves") func movedLayer() throws {
        let job = try job()
        let plan = try plan(job, ranks: 3)
        var file = try #require(JSONValue.parse(plan.text))
        let stages = [["sum1"], ["sum2", "sum3", "sum4", "sum5"], ["sum6"]]
        file["stages"] = .array(
            stages.enumerated().map {
                .object(["rank": .number(Double($0)), "layers": .array($1.map(JSONValue.text))])
            })
        file["edges"] = nil
        let path = try job.folder.write(file.encoded(), to: "moved.json")
        let run = try job.run(ranks: 3, ["--plan", path, "--json", "-q"])
        #expect(try run.decoded(QuickstartTests.Report.self).ranks.map(\.layerCount) == [1, 4, 1])
        try expectSums(job)
    }

    @Test("stages moved by hand to other ranks compute the same") func movedStages() throws {
        let job = try job()
        let plan = try plan(job, ranks: 3)
        var file = try #require(JSONValue.parse(plan.text))
        let stages = [["sum1", "sum2"], ["sum3", "sum4"], ["sum5", "sum6"]]
        file["stages"] = .array(
            zip([2, 0, 1], stages).map {
                .object(["rank": .number(Double($0)), "layers": .array($1.map(JSONValue.text))])
            })
        let path = try job.folder.write(file.encoded(), to: "moved.json")
        let run = try job.run(ranks: 3, ["--plan", path, "--json", "-q"])
        #expect(try run.decoded(QuickstartTests.Report.self).ranks.map(\.stage) == [1, 2, 0])
        try expectSums(job)
    }

    @Test("a plan that does not fit the job") func wrongPlan() throws {
        let job = try job()
        let path = try plan(job, ranks: 3).path
        let arguments = ["-q", "--plan", path]
        job.expectFailure(
            try job.run(ranks: 2, arguments), path,
            "the plan is for 3 ranks, and the job runs on 2; start 3 ranks, or plan anew")
        job.expectFailure(
            try job.run(arguments), path, "the plan is for 3 ranks, and the job runs on 1; start 3 ranks, or plan anew")
        job.expectFailure(
            try job.run(ranks: 3, arguments + ["--set", "schedule.microbatch=5"]), path,
            "the plan is for microbatches of 4 items, and the job has 5; set schedule.microbatch to 4, or plan anew")
        let other = try TestJob.sums(layers: 7, items: PlanFileTests.items)
        other.expectFailure(
            try other.run(ranks: 3, arguments), path, "the plan is for another model", "mpinfer plan -o")
        // Without launched ranks: plan and validate say the same.
        MPInfer.expectFailure(
            try MPInfer.run(["plan", other.specification, "--plan", path]), ["the plan is for another model"])
    }

    @Test("a plan that is broken") func brokenPlan() throws {
        let job = try job()
        let plan = try plan(job, ranks: 3)
        func expect(_ text: String, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
            let path = try job.folder.write(text, to: "broken.json")
            let run = try job.run(ranks: 3, ["-q", "--plan", path])
            MPInfer.expectFailure(run, [path] + words, sourceLocation: sourceLocation)
            #expect(job.folder.names(in: "out").isEmpty, sourceLocation: sourceLocation)
        }
        func stages(_ stages: [(rank: Int, layers: [String])]) throws -> String {
            var file = try #require(JSONValue.parse(plan.text))
            file["stages"] = .array(
                stages.map {
                    .object(["rank": .number(Double($0.rank)), "layers": .array($0.layers.map(JSONValue.text))])
                })
            return try file.encoded()
        }
        func without(_ key: String) throws -> String {
            var file = try #require(JSONValue.parse(plan.text))
            file[key] = nil
            return try file.encoded()
        }
        func with(_ key: String, _ value: JSONValue) throws -> String {
            var file = try #require(JSONValue.parse(plan.text))
            file[key] = value
            return try file.encoded()
        }
        try expect("", "this is no plan of mpinfer")
        try expect(String(plan.text.prefix(plan.text.count / 2)), "this is no plan of mpinfer")
        try expect("[1, 2]", "this is no plan of mpinfer")
        try expect(without("stages"), "'stages' is missing")
        try expect(with("microbatch", .text("four")), "microbatch")
        try expect(with("version", .number(99)), "plan version 99, and this mpinfer reads versions 1 to 2")
        try expect(
            stages([(0, ["sum1", "sum2"]), (1, ["sum3"]), (2, ["sum5", "sum6"])]),
            "stage 2: layer 'sum4' must come before 'sum5'")
        try expect(
            stages([(0, ["sum1", "sum2"]), (1, ["sum3", "sum4"]), (2, ["sum5"])]), "layer 'sum6' is in no stage")
        try expect(
            stages([(0, ["sum1", "sum2"]), (1, ["sum2", "sum3", "sum4"]), (2, ["sum5", "sum6"])]),
            "stage 1: layer 'sum2' stands in the plan twice")
        try expect(
            stages([(0, ["sum2", "sum1"]), (1, ["sum3", "sum4"]), (2, ["sum5", "sum6"])]),
            "stage 0: layer 'sum1' must come before 'sum2'")
        try expect(
            stages([(0, ["sum1", "sum2"]), (1, ["sum3", "sum4", "sum7"]), (2, ["sum5", "sum6"])]),
            "stage 1: the model has no layer 'sum7'")
        try expect(
            stages([(0, ["sum1", "sum2", "sum3", "sum4"]), (1, []), (2, ["sum5", "sum6"])]), "stage 1 has no layers")
        try expect(
            stages([(0, ["sum1", "sum2"]), (2, ["sum3", "sum4"]), (2, ["sum5", "sum6"])]),
            "rank 2 has stage 1 and stage 2: give each stage a rank of its own")
        try expect(
            stages([(0, ["sum1", "sum2"]), (1, ["sum3", "sum4"]), (3, ["sum5", "sum6"])]),
            "stage 2 is on rank 3, and the ranks of 3 stages are 0 to 2")
    }

    @Test("a plan that is not there, or cannot be written") func noFile() throws {
        let job = try job()
        job.expectFailure(
            try job.run(ranks: 2, ["--plan", "/nowhere/plan.json"]), "/nowhere/plan.json", "cannot be read")
        job.expectFailure(try job.run(ranks: 2, ["--plan", job.folder.path]), job.folder.path, "cannot be read")
        let below = "\(job.specification)/plan.json"
        MPInfer.expectFailure(
            try MPInfer.run(["plan", job.specification, "-o", below]), [below, "the file cannot be written"])
    }
}
