import TestSupport
import Testing

/// Jobs of several models: joined, cut across ranks where the plan says, and refused where they do not fit.
@Suite struct ChainTests {
    private static let items = 10

    /// `count` additions of 1 to the input.
    private func adding(_ count: Int, _ input: String, _ output: String, width: Int = 3) -> TinyModel {
        var model = TinyModel()
        model.input(input, [nil, .number(width)])
        model.constant("one", shape: [width], [Float](repeating: 1, count: width))
        for layer in 1...count {
            let name = layer == count ? output : "sum\(layer)"
            model.node("Add", name, [layer == 1 ? input : "sum\(layer - 1)", "one"])
        }
        model.output(output, [nil, .number(width)])
        return model
    }

    private func files(_ models: [(String, TinyModel)]) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        for (name, model) in models { try folder.write(model.bytes, to: name) }
        let values = (0..<ChainTests.items).flatMap { [Float](repeating: Float($0), count: 3) }
        try folder.write(NumPyArray.file(shape: [ChainTests.items, 3], values), to: "x.npy")
        return folder
    }

    private func job(_ folder: ScratchFolder, _ models: String, input: String = "x") throws -> TestJob {
        try TestJob(
            model: nil, inputs: [(input, "\(folder.path)/x.npy")], microbatch: 4, others: ["models: \(models)"],
            folder: folder)
    }

    private func expectSums(_ job: TestJob, _ output: String, plus added: Int) throws {
        #expect(
            try job.array(output).values
                == (0..<ChainTests.items).flatMap { [Double](repeating: Double($0 + added), count: 3) })
    }

    @Test("one pipeline, cut inside the models", arguments: [nil, 2, 3, 5]) func runs(ranks: Int?) throws {
        let folder = try files([
            ("a.onnx", adding(2, "x", "first")), ("b.onnx", adding(3, "first", "second")),
            ("c.onnx", adding(1, "in", "out")),
        ])
        let job = try job(
            folder, "[a.onnx, {path: b.onnx}, {path: c.onnx, wire: {in: second}}, {path: c.onnx, wire: {in: out}}]")
        let run = try job.run(ranks: ranks, ["--json", "-q", "--set", "parallelism.strategy=uniform"])
        let layers = try run.decoded(QuickstartTests.Report.self).ranks.map(\.layerCount)
        #expect(layers.reduce(0, +) == 7 && (layers.max() ?? 0) - (layers.min() ?? 0) <= 1, "\(run)")
        try expectSums(job, "out", plus: 7)
    }

    @Test("an output of an earlier model, when the job names it") func earlierOutput() throws {
        let folder = try files([("a.onnx", adding(2, "x", "first")), ("b.onnx", adding(3, "first", "second"))])
        let job = try job(folder, "[a.onnx, b.onnx]")
        try MPInfer.expectSuccess(job.run(ranks: 2, ["-q", "--set", "outputs.named={first: {}}"]))
        try expectSums(job, "first", plus: 2)
        try expectSums(job, "second", plus: 5)
    }

    @Test("plan, validate, inspect, plan files") func commands() throws {
        let folder = try files([("a.onnx", adding(2, "x", "first")), ("b.onnx", adding(3, "other", "second"))])
        let job = try job(folder, "[a.onnx, {path: b.onnx, wire: {other: first}}]")
        let path = "\(folder.path)/plan.json"
        try MPInfer.expectSuccess(MPInfer.run(["plan", job.specification, "--ranks", "2", "-o", path]))
        try MPInfer.expectSuccess(job.run(ranks: 2, ["-q", "--plan", path]))
        try expectSums(job, "second", plus: 5)
        _ = try job.takeFiles()
        let validated = try MPInfer.run(["validate", job.specification])
        #expect(validated.succeeded && validated.stdout.contains("up to 5 stages"), "\(validated)")
        let inspected = try MPInfer.run(["inspect", job.specification])
        for text in ["models:     \(folder.path)/a.onnx", "first", "other", "\(folder.path)/b.onnx"] {
            #expect(inspected.succeeded && inspected.stdout.contains(text), "\(inspected)")
        }
        // The order is part of the model that a plan is for, and so are the wires.
        let other = try self.job(folder, "[a.onnx, {path: b.onnx, wire: {other: x}}]")
        let refused = try other.run(ranks: 2, ["-q", "--plan", path])
        other.expectFailure(refused, path, "the plan is for another model")
        let unused = try MPInfer.run(["validate", other.specification])
        #expect(unused.stderr.contains("nothing takes the output 'first' of \(folder.path)/a.onnx"), "\(unused)")
        let both = try MPInfer.run(["inspect", "\(folder.path)/a.onnx", "\(folder.path)/a.onnx"])
        #expect(both.succeeded, "\(both)")
    }

    @Test("chains that do not fit") func misfits() throws {
        let folder = try files([
            ("a.onnx", adding(2, "x", "first")), ("b.onnx", adding(3, "first", "second")),
            ("wide.onnx", adding(1, "first", "second", width: 4)), ("broken.onnx", adding(1, "first", "second")),
        ])
        let broken = try folder.bytes("broken.onnx")
        try folder.write(broken.prefix(broken.count / 2), to: "broken.onnx")
        func expect(_ models: String, input: String = "x", _ words: String...) throws {
            let job = try job(folder, models, input: input)
            for command in [
                ["validate", job.specification], ["plan", job.specification], ["run", job.specification],
            ] {
                MPInfer.expectFailure(try MPInfer.run(command), words)
            }
            #expect(folder.names(in: "out").isEmpty)
        }
        try expect(
            "[a.onnx, wide.onnx]", "the tensor 'first' that \(folder.path)/a.onnx makes is float32 4x3",
            "wide.onnx takes float32 Nx4 as its input 'first'")
        try expect(
            "[b.onnx, a.onnx]", "input 'first' of", "is made by \(folder.path)/a.onnx", "models run in the order given")
        try expect(
            "[a.onnx, {path: b.onnx, wire: {first: fist}}]", "is wired to 'fist'", "did you mean 'first'?")
        try expect("[a.onnx, {path: b.onnx, wire: {fist: first}}]", "has no input 'fist'", "did you mean 'first'?")
        try expect("[a.onnx, none.onnx]", "none.onnx", "no such file")
        try expect("[a.onnx, broken.onnx]", "\(folder.path)/broken.onnx")
        try expect("[a.onnx, b.onnx]", input: "first", "the model has no such input")
    }
}
