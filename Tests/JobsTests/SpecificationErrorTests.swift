import Testing

@testable import Jobs

/// What is wrong is reported at its place, and all at once.
@Suite struct SpecificationErrorTests {
    static func issues(_ text: String, _ overrides: [String] = []) -> [String] {
        do {
            _ = try JobSpecification.parse(text, path: "a.yaml", overrides: overrides)
            return []
        } catch {
            return error.issues.map(\.description)
        }
    }

    /// The rest of the specification around what is tested is right.
    static func issues(in lines: String, _ overrides: [String] = []) -> [String] {
        issues("version: 1\nmodel: m\ninput: {images: x}\n" + lines, overrides)
    }

    @Test func modelsOfAChain() throws {
        func issues(_ models: String) -> [String] { Self.issues("version: 1\ninput: {images: x}\nmodels: \(models)\n") }
        #expect(issues("[a.onnx, {path: b.onnx, wire: {x: y}}]") == [])
        let job = try JobSpecification.parse(
            "{version: 1, input: {images: a}, models: [a.onnx, {path: b.onnx, wire: {x: y}}]}", path: "j", folder: "f")
        #expect(job.models == [.init(path: "f/a.onnx"), .init(path: "f/b.onnx", wire: ["x": "y"])])
        #expect(job.model == nil)
        #expect(
            issues("[a.onnx]\nmodel: b.onnx") == [
                "a.yaml:1:1: exactly one of the keys model, models is expected, found model and models"
            ])
        #expect(
            issues("[{wire: {x: y}}]") == [
                "a.yaml:3:10: models.0: the key 'path' is missing (the path of a model file)"
            ])
        #expect(issues("[{path: a, wires: {}}]").first?.contains("did you mean 'wire'?") == true)
        #expect(issues("[]") == ["a.yaml:3:9: models: expected 1 to 1000 elements, found 0"])
        #expect(
            issues("[3]") == ["a.yaml:3:10: models.0: expected the path of a model file, found 3; put it in quotes"])
    }

    @Test func unknownKeysAndTheNearestKnown() {
        #expect(
            Self.issues(in: "paralelism: {pipeline: 2}") == [
                "a.yaml:4:1: unknown key 'paralelism'; did you mean 'parallelism'? (known here: version, model, models, dimensions, "
                    + "input, inputs, join, embeddings, classes, labels, outputs, parallelism, schedule, threads, precision)"
            ])
        #expect(
            Self.issues(in: "schedule:\n  micro_batch: 3\n") == [
                "a.yaml:5:3: schedule: unknown key 'micro_batch'; did you mean 'microbatch'? (known here: microbatch, padding)"
            ])
        #expect(Self.issues(in: "zzz: 3\n").first?.contains("did you mean") == false)
    }

    @Test(arguments: [
        (
            "schedule: {padding: four}",
            "4:21: schedule.padding: expected a whole number from 1 to 65536, found the text \"four\""
        ),
        ("schedule: {padding: 0}", "4:21: schedule.padding: expected a whole number from 1 to 65536, found 0"),
        (
            "schedule: {padding: 2.0}",
            "4:21: schedule.padding: expected a whole number from 1 to 65536, found 2.0"
        ),
        (
            "schedule: {padding: '4'}",
            "4:21: schedule.padding: expected a whole number from 1 to 65536, found the text \"4\""
        ),
        ("schedule: 4", "4:11: schedule: expected a mapping (microbatch, padding), found 4"),
        ("labels:", "4:8: labels: expected a mapping (file, file-column, column, output), found nothing"),
        ("threads: many", "4:10: threads: expected auto, or a whole number from 1 to 4096, found the text \"many\""),
        ("classes: 12", "4:10: classes: expected the path of a text file, found 12; put it in quotes"),
        (
            "parallelism: {strategy: flop}",
            "4:25: parallelism.strategy: expected one of uniform, parameters, flops, memory, "
                + "profiled, optimal, random, manual, found the text \"flop\"; did you mean 'flops'?"
        ),
        ("parallelism: {strategy: manual}", "4:25: parallelism: strategy: manual needs cuts"),
        ("parallelism: {cuts: [a]}", "4:21: parallelism.cuts: only strategy: manual has cuts, found strategy: flops"),
        (
            "parallelism: {strategy: manual, pipeline: 4, cuts: [a]}",
            "4:52: parallelism.cuts: pipeline: 4 needs 3 cuts, found 1"
        ),
        ("outputs: {formats: [npy]}", "4:10: outputs: the key 'folder' is missing (the path of a folder)"),
        (
            "outputs: {folder: f, formats: [npy, xls]}",
            "4:37: outputs.formats.1: expected one of npy, npz, jsonl, csv, found the text \"xls\""
        ),
        (
            "outputs: {folder: f, formats: npy}",
            "4:31: outputs.formats: expected a list, each element one of npy, npz, jsonl, csv, found the text \"npy\""
        ),
        ("dimensions: {a.b: -1}", "4:19: dimensions.\"a.b\": expected a whole number from 1 to 16777216, found -1"),
        ("inputs: {}", "1:1: exactly one of the keys input, inputs is expected, found input and inputs"),
        ("model: again", "2:1: the key 'model' stands here twice"),
        ("schedule: {microbatch: 1", "not YAML"),
        ("classes: !path x", "4:10: the tag !path is not used"),
        ("classes: *nowhere", "4:10: not YAML: found undefined alias"),
        ("? [a]\n: 1", "a key is text, not a collection"),
    ])
    func oneThing(line: String, message: String) {
        let issues = Self.issues(in: line)
        #expect(issues.count == 1 && issues[0].contains(message), "\(issues)")
    }

    @Test(arguments: [
        (
            "{}",
            "exactly one of the keys images, array, arrays, constant, carried, text is expected, found an empty mapping"
        ),
        (
            "{images: a, array: b}",
            "exactly one of the keys images, array, arrays, constant, carried, text is expected, found images and array"
        ),
        (
            "a.npy",
            "expected a mapping with one of the keys images, array, arrays, constant, carried, text, found the text \"a.npy\""
        ),
        ("{array: a, scale: 2}", "unknown key 'scale' (known here: array, key, items)"),
        ("{images: a, mean: [1, 2]}", "input.mean: expected 1 or 3 numbers for channels: rgb, found 2"),
        ("{images: a, deviation: 0}", "input.deviation: expected a number greater than 0"),
        ("{images: a, scale: .nan}", "input.scale: expected a number, found nan"),
        ("{images: []}", "input.images: expected 1 to 10000 elements, found 0"),
        ("{images: {list: 3}}", "input.images.list: expected the path of a list, found 3"),
        (
            "{images: a, crop: {width: 9, height: 1}, resize: {width: 8, height: 8}}",
            "input.crop: 9 x 1 is more than resize"
        ),
        (
            "{images: a, resize: {width: 8, height: 8, fill: 3}}",
            "input.resize.fill: has no meaning without fit: contain"
        ),
    ])
    func inputs(input: String, message: String) {
        let issues = Self.issues("version: 1\nmodel: m\ninput: \(input)")
        #expect(issues.count == 1 && issues[0].contains(message), "\(issues)")
    }

    @Test func allAtOnceInTheOrderOfTheFile() {
        let issues = Self.issues("threads: x\nmodel: 3\ninput: {images: x, scal: 1}\nschedule: {microbatch: -1}\n")
        #expect(
            issues.map { $0.prefix(12) } == [
                "a.yaml:1:1: ", "a.yaml:1:10:", "a.yaml:2:8: ", "a.yaml:3:20:", "a.yaml:4:24:",
            ])
        #expect(issues[0].contains("'version' is missing (1)"))
    }

    @Test func anotherVersionIsSaidAlone() {
        #expect(
            Self.issues("version: 2\nshards: 3") == [
                "a.yaml:1:10: version: this is version 2 of the format, and this program reads version 1"
            ])
    }

    @Test(arguments: ["", "# only a comment\n", "---\n"]) func empty(text: String) {
        #expect(Self.issues(text).count >= 1)
    }

    @Test func notAMapping() {
        #expect(Self.issues("version: 1\nmodel: m\ninputs: {}") == ["a.yaml:3:9: inputs: no input is named"])
        #expect(Self.issues("- 1\n- 2")[0].contains("expected a mapping (version, model"))
        #expect(Self.issues("version: 1\n---\nversion: 1")[0].contains("expected a single document"))
    }
}
