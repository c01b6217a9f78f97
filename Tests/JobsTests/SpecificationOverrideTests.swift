import Testing

@testable import Jobs

@Suite struct SpecificationOverrideTests {
    private func job(_ overrides: String...) throws -> JobSpecification {
        try JobSpecification.parse(JobSpecificationTests.full, path: "a.yaml", folder: "jobs", overrides: overrides)
    }

    @Test func valuesListsAndMappings() throws {
        #expect(try job("schedule.microbatch=16").schedule.microbatch.exact == 16)
        #expect(try job("threads=1", "threads=auto").threads == .automatic)
        #expect(try job("outputs.formats=[csv]").outputs?.formats == [.csv])
        #expect(try job("outputs.formats.1=csv").outputs?.formats == [.npy, .csv])
        #expect(try job("outputs.formats.0=null").outputs?.formats == [.jsonl])
        #expect(try job("dimensions={width: 3}").dimensions == ["width": 3])
        #expect(try job("dimensions.\"a.b=c\"=3").dimensions == ["height": 640, "a.b=c": 3])
        #expect(try job("model=other.onnx").model == "jobs/other.onnx")
        #expect(try job("model=a=b").model == "jobs/a=b")
        #expect(try job("outputs=null").outputs == nil)
        #expect(try job("outputs=null", "outputs.folder=x").outputs == .init(folder: "jobs/x"))
    }

    @Test(arguments: [
        ("schedule.padding=four", "--set schedule.padding=four: schedule.padding: expected a whole number"),
        ("schedule.batch=4", "--set schedule.batch=4: schedule: unknown key 'batch'"),
        ("model.x=1", "--set model.x=1: 'x' cannot be set in the text \"digits-cnn.onnx\" (a.yaml:2:8)"),
        ("outputs.formats.7=npy", "--set outputs.formats.7=npy: '7' is no index of a list of 2 (from 0)"),
        ("microbatch", "--set microbatch: expected path=value"),
        ("=4", "--set =4: expected path=value"),
        ("a..b=4", "--set a..b=4: expected path=value"),
        ("threads=", "--set threads=: no value; write null"),
        ("threads=[1", "--set threads=[1: not YAML"),
        ("labels.input=null", "--set labels.input=null: there is no key 'input' to take away"),
        ("version=3", "--set version=3: version: this is version 3"),
    ])
    func errorsNameTheOverride(override: String, message: String) {
        let issues = SpecificationErrorTests.issues(JobSpecificationTests.full, [override])
        #expect(issues.count == 1 && issues[0].hasPrefix(message), "\(issues)")
    }
}
