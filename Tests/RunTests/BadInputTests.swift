import FoundationEssentials
import TestSupport
import Testing

/// Jobs that cannot be done: an exit code, a sentence, nothing left behind.
@Suite struct BadInputTests {
    private static let quickstart = "\(Material.packageFolder)/jobs/quickstart/digits-cnn.onnx"

    /// The quickstart's model on an array of a shape and an element type.
    private func job(shape: [Int] = [10, 1, 8, 8], folder: ScratchFolder? = nil) throws -> TestJob {
        let folder = try folder ?? ScratchFolder()
        let values = [Float](repeating: 0.5, count: shape.reduce(1, *))
        let input = try folder.write(NumPyArray.file(shape: shape, values), to: "x.npy")
        return try TestJob(
            model: BadInputTests.quickstart, inputs: [("image", input)], microbatch: 4, folder: folder)
    }

    @Test("arrays that do not fit", arguments: [1, 3]) func arrays(ranks: Int) throws {
        for (shape, words) in [
            ([10, 1, 8, 7], "an item is 1x8x7, the model takes 1x8x8"),
            ([10, 64], "an item is 64, the model takes 1x8x8"),
            ([10, 1, 8, 8, 1], "an item is 1x8x8x1, the model takes ?x1x8x8"),
            ([0, 1, 8, 8], "there are no items"),
        ] {
            let job = try job(shape: shape)
            job.expectFailure(try job.run(ranks: ranks, ["-q"]), "input 'image'", words)
        }
        let job = try job()
        try job.folder.write(NumPyArray.file(shape: [10, 1, 8, 8], [Int64](repeating: 1, count: 640)), to: "int.npy")
        job.expectFailure(
            try job.run(ranks: ranks, ["-q", "--set", "inputs.image.array=int.npy"]),
            "the array is int64, the model takes float32")
        try job.folder.write(try job.folder.bytes("x.npy").dropLast(100), to: "cut.npy")
        job.expectFailure(
            try job.run(ranks: ranks, ["-q", "--set", "inputs.image.array=cut.npy"]), "cut.npy", "the file ends here")
        try job.folder.write("these are no numbers", to: "text.npy")
        for name in ["text.npy", "absent.npy", "."] {
            job.expectFailure(try job.run(ranks: ranks, ["-q", "--set", "inputs.image.array=\(name)"]), name)
        }
    }

    @Test("inputs that the model has not, or lacks") func names() throws {
        let job = try job()
        job.expectFailure(
            try job.run(["-q", "--set", "inputs.picture={array: x.npy}"]), "picture", "image")
        job.expectFailure(
            try job.run(["-q", "--set", "inputs={picture: {array: x.npy}}"]), "picture", "image")
    }

    @Test("a batch that a model fixes") func fixedBatch() throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [2, 3])
        model.node("Relu", "y", ["x"])
        model.output("y", [2, 3])
        let job = try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            inputs: [
                ("x", folder.write(NumPyArray.file(shape: [5, 3], [Float](repeating: 1, count: 15)), to: "x.npy"))
            ],
            microbatch: 1, folder: folder)
        job.expectFailure(
            try job.run(["-q"]),
            "takes exactly 2 items at a time, and the microbatch is 1: set schedule.microbatch to 2")
        job.expectFailure(
            try job.run(["-q", "--set", "schedule.microbatch=2"]), "5 items do not divide by that")
    }

    @Test("images that do not decode", arguments: [1, 3]) func images(ranks: Int) throws {
        let folder = try ScratchFolder()
        for index in 0..<6 {
            let name = "digit-000\(index).png"
            let bytes = try [UInt8](
                Data(contentsOf: URL(filePath: "\(Material.packageFolder)/jobs/quickstart/images/\(name)")))
            try folder.write(bytes, to: "images/\(name)")
            if index == 3 { try folder.write(bytes.prefix(60), to: "images/digit-0003a.png") }
        }
        try folder.write("a text", to: "images/text.png")
        try folder.write("", to: "images/empty.jpg")
        let job = try job(folder: folder)

        func input(_ onError: String) -> [String] {
            [
                "-q", "--set", "inputs={image: {images: images, channels: gray, on-error: \(onError)}}",
                "--set", "outputs.formats=[csv, npy]",
            ]
        }
        job.expectFailure(
            try job.run(ranks: ranks, input("fail")), "3 images do not decode", "digit-0003a.png",
            "the PNG file is cut off",
            "text.png", "neither PNG nor JPEG", "empty.jpg", "the file is empty", "on-error: skip")
        let run = try job.run(ranks: ranks, input("skip"))
        try MPInfer.expectSuccess(run)
        for name in ["digit-0003a.png", "text.png", "empty.jpg"] {
            #expect(
                run.stderr.split(separator: "\n").filter { $0.contains("skipped ") && $0.contains(name) }.count == 1)
        }
        let rows = try folder.text("out/logits.csv").split(separator: "\n").dropFirst()
        #expect(rows.map { $0.split(separator: ",")[1] } == (0..<6).map { "digit-000\($0).png" })
        #expect(try job.array("logits").shape == [6, 10])
        _ = try job.takeFiles()
        for index in 0..<6 { try folder.write("", to: "images/digit-000\(index).png") }
        job.expectFailure(try job.run(ranks: ranks, input("skip")), "no image is left", "9 images do not decode")
    }

    @Test("ranks that do not fit the model") func ranks() throws {
        let job = try job()
        job.expectFailure(
            try job.run(ranks: 11, ["-q"]),
            "11 pipeline stages are asked for, and the model has 10 layers to share out",
            "use at most 10 ranks")
        try MPInfer.expectSuccess(try job.run(ranks: 10, ["-q"]))
        _ = try job.takeFiles()
        job.expectFailure(
            try job.run(ranks: 2, ["-q", "--set", "parallelism.pipeline=3"]),
            "parallelism.pipeline is 3 and the job runs on 2 ranks", "start 3 ranks")
        job.expectFailure(
            try job.run(ranks: 3, ["-q", "--set", "parallelism={strategy: manual, cuts: [relu2]}"]),
            "3 stages need 2 manual cuts, and 1")
        job.expectFailure(
            try job.run(ranks: 3, ["-q", "--set", "parallelism={strategy: manual, cuts: [relu2, pool1]}"]),
            "the cut before 'pool1' leaves an empty stage")
        job.expectFailure(
            try job.run(ranks: 2, ["-q", "--set", "parallelism={strategy: manual, cuts: [pool9]}"]),
            "there is no layer 'pool9'", "mpinfer inspect")
    }

    /// Manual cuts determine how many stages there are.
    @Test("manual cuts without ranks at hand") func manualCuts() throws {
        let job = try job()
        let cuts = ["--set", "parallelism={strategy: manual, cuts: [relu1, fc1]}"]
        try MPInfer.expectSuccess(try MPInfer.run(["validate", job.specification] + cuts))
        let plan = try MPInfer.run(["plan", job.specification] + cuts)
        #expect(plan.succeeded && plan.stdout.contains("3 stages"), "\(plan)")
    }

    /// Root can write into any folder, but no user below a file.
    @Test("an output folder that cannot be", arguments: [1, 4]) func outputFolder(ranks: Int) throws {
        let job = try job()
        job.expectFailure(
            try job.run(ranks: ranks, ["-q", "--set", "outputs.folder=x.npy/out"]), "rank \(ranks - 1): ", "x.npy/out",
            "the folder cannot be made")
        try job.folder.write("", to: "out2/logits.npy/file")
        job.expectFailure(
            try job.run(ranks: ranks, ["-q", "--set", "outputs.folder=out2"]), "out2/logits.npy", "no regular file")
        #expect(job.folder.names(in: "out2") == ["logits.npy", "logits.npy/file"])
    }

    /// Whatever fails, results of an earlier run stay as they are.
    @Test("earlier results stay") func earlierResults() throws {
        let job = try job()
        try MPInfer.expectSuccess(try job.run(["-q"]))
        let before = try job.folder.bytes("out/logits.npy")
        try job.folder.write(NumPyArray.file(shape: [4, 1, 8, 7], [Float](repeating: 1, count: 224)), to: "wrong.npy")
        for ranks in [1, 2] {
            let run = try job.run(ranks: ranks, ["-q", "--set", "inputs.image.array=wrong.npy"])
            MPInfer.expectFailure(run, ["1x8x7"])
            #expect(job.folder.names(in: "out") == ["logits.npy"])
            #expect(try job.folder.bytes("out/logits.npy") == before)
        }
    }

    @Test("settings that are wrong", arguments: [1, 4]) func settings(ranks: Int) throws {
        let job = try job()
        for (setting, words) in [
            ("nonsense", "expected path=value"),
            ("parallelism.pipelin=2", "unknown key 'pipelin'; did you mean 'pipeline'?"),
            ("parallelism.pipeline=two", "expected auto, or a whole number"),
            ("schedule.microbatch=0", "a whole number from 1 to 65536"),
            ("threads=-1", "threads"),
            ("precision=float8", "precision"),
            ("version=2", "version"),
            ("outputs.formats=[xls]", "xls"),
            ("inputs.image.array=[", "inputs.image.array"),
        ] {
            let run = try job.run(ranks: ranks, ["-q", "--set", setting])
            job.expectFailure(run, words)
            #expect(run.stderr.components(separatedBy: "error: ").count == 2, "said once: \(run)")
        }
    }

    @Test("specifications that are wrong are complained of once") func specification() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("version: 1\nmodle: a.onnx\nthreads: many\n", to: "job.yaml")
        for ranks in [1, 4] {
            let run = try MPInfer.run(["run", path], ranks: ranks)
            MPInfer.expectFailure(
                run,
                [
                    "\(path):2:1: unknown key 'modle'; did you mean 'model'?", "\(path):3:10: ",
                    "exactly one of the keys model, models", "exactly one of the keys input, inputs",
                ])
            #expect(run.stderr.components(separatedBy: "mpinfer: error: ").count == 2, "\(run)")
            #expect(run.stderr.components(separatedBy: "modle").count == 2, "\(run)")
            let absent = try MPInfer.run(["run", "\(folder.path)/absent.yaml"], ranks: ranks)
            MPInfer.expectFailure(absent, ["absent.yaml: No such file or directory"])
            #expect(absent.stderr.components(separatedBy: "absent.yaml").count == 2, "\(absent)")
        }
        MPInfer.expectFailure(try MPInfer.run(["validate", path]), ["unknown key 'modle'"])
        #expect(folder.names == ["job.yaml"])
    }

    /// A wrong command line is exit code 64, by sysexits.h, and all ranks together print one sentence.
    @Test("command lines that are wrong", arguments: [1, 4]) func commandLine(ranks: Int) throws {
        let job = try job()
        for (arguments, words) in [
            (["frobnicate"], "frobnicate"),
            (["run", job.specification, "--frobnicate"], "Unknown option '--frobnicate'"),
            (["run", job.specification, "--plan"], "Missing value for '--plan"),
            (["inspect"], "Missing expected argument '<model> ...'"),
            (["plan", job.specification, "--ranks", "0"], "--ranks must be from 1 to 1048576, found 0"),
        ] {
            let run = try MPInfer.run(arguments, ranks: ranks)
            job.expectFailure(run, "mpinfer: error: ", words, status: 64)
            #expect(run.stderr.components(separatedBy: "mpinfer: error: ").count == 2, "\(run)")
        }
        let version = try MPInfer.run(["--version"], ranks: ranks)
        #expect(version.succeeded && version.stdout.split(separator: "\n").count == 1, "\(version)")
        let help = try MPInfer.run(["run", "--help"], ranks: ranks)
        #expect(help.succeeded && help.stdout.components(separatedBy: "USAGE:").count == 2, "\(help)")
    }
}
