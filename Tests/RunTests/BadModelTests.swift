import FoundationEssentials
import TestSupport
import Testing

/// Models that must be refused, in words that name what is wrong, by a process that ends without being killed.
@Suite struct BadModelTests {
    @Test(
        "each broken model of the material", .enabled(if: Material.isThere("bad"), "\(Material.absent)"),
        arguments: Material.cases("bad"))
    func broken(_ test: Material.Case) throws {
        let words = try #require(test.facts.contains)
        var inputs = try #require(test.facts.inputs).map { (name: $0.name, path: "\(test.folder)/\($0.file)") }
        let folder = try ScratchFolder()
        if inputs.isEmpty {
            let array = NumPyArray.file(shape: [1, 3, 8, 8], [Float](repeating: 0, count: 192))
            inputs = [("image", try folder.write(array, to: "x.npy"))]
        }
        if test.name == "wrong-input-type" {
            // Its array does not fit its model either.
            let array = NumPyArray.file(shape: [2, 2, 8, 8], [Int64](repeating: 0, count: 256))
            inputs[0].path = try folder.write(array, to: "x.npy")
        }
        let job = try TestJob(model: test.model, inputs: inputs, microbatch: 1, folder: folder)
        let run = try job.run(["-q"])
        MPInfer.expectFailure(run, words)
        #expect(folder.names(in: "out").isEmpty, "left behind in the output folder")
        // One rank reports for all, and does so once.
        let together = try job.run(ranks: 3, ["-q"])
        MPInfer.expectFailure(together, words)
        let sentence = try #require(run.stderr.split(separator: "\n").first { $0.hasPrefix("mpinfer: error: ") })
        #expect(together.stderr.split(separator: "\n").filter { $0 == sentence }.count == 1, "\(together)")
        #expect(folder.names(in: "out").isEmpty, "left behind in the output folder")
    }

    private static let quickstart = "\(Material.packageFolder)/jobs/quickstart/digits-cnn.onnx"

    /// The quickstart's model on some numbers.
    private func job(model: String, folder: ScratchFolder) throws -> TestJob {
        let values = (0..<128).map { Float($0 % 17) / 17 }
        let input = try folder.write(NumPyArray.file(shape: [2, 1, 8, 8], values), to: "x.npy")
        return try TestJob(model: model, inputs: [("image", input)], microbatch: 2, folder: folder)
    }

    @Test("a model that is not there, is a folder, or is cut off") func noModel() throws {
        let folder = try ScratchFolder()
        let absent = "\(folder.path)/absent.onnx"
        let job = try job(model: absent, folder: folder)
        for ranks in [1, 4] {
            job.expectFailure(try job.run(ranks: ranks), absent, "no such file")
            job.expectFailure(try job.run(ranks: ranks, ["--set", "model=."]), folder.path)
        }
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: BadModelTests.quickstart)))
        for share in [0.0, 0.1, 0.5, 0.999] {
            let path = try folder.write(bytes.prefix(Int(Double(bytes.count) * share)), to: "cut.onnx")
            for ranks in [1, 2] { job.expectFailure(try job.run(ranks: ranks, ["--set", "model=cut.onnx"]), path) }
        }
        let inspection = try MPInfer.run(["inspect", absent])
        MPInfer.expectFailure(inspection, [absent, "no such file"])
    }

    @Test("operators that are lacking are listed all at once") func unsupported() throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("image", [nil, 1, 8, 8])
        model.node("Frobnicate", "a", ["image"])
        model.node("Swirl", "b", ["a"])
        model.node("Relu", "c", ["b"])
        model.node("Swirl", "y", ["c"])
        model.output("y", [nil, 1, 8, 8])
        let job = try job(model: folder.write(model.bytes, to: "model.onnx"), folder: folder)
        for ranks in [1, 2] {
            job.expectFailure(
                try job.run(ranks: ranks), "2 operators are not supported", "Frobnicate: node 'a'",
                "Swirl: 2 nodes, the first is 'b'")
        }
        MPInfer.expectFailure(
            try MPInfer.run(["validate", job.specification]), ["2 operators are not supported", "Frobnicate", "Swirl"])
        let inspection = try MPInfer.run(["inspect", "\(folder.path)/model.onnx"])
        #expect(inspection.succeeded && inspection.stdout.contains("not supported: Frobnicate (1), Swirl (2)"))
    }

    /// Any outcome is right except a crash and a hang.
    @Test("30 damaged bytes") func flips() throws {
        let folder = try ScratchFolder()
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: BadModelTests.quickstart)))
        let job = try job(model: "\(folder.path)/damaged.onnx", folder: folder)
        var random = SplitMix(state: 20_26)
        // Most of the file is weights; a third of the flips go where the structure is.
        let structure = bytes.indices.filter { (0x20...0x7A).contains(bytes[$0]) }
        for round in 0..<30 {
            var damaged = bytes
            let index =
                round % 3 == 0 ? structure.randomElement(using: &random)! : bytes.indices.randomElement(using: &random)!
            damaged[index] = UInt8.random(in: 0...255, using: &random)
            try folder.write(damaged, to: "damaged.onnx")
            let run = try job.run(ranks: 2, ["-q"], timeout: 60)
            let change = "byte \(index): \(bytes[index]) -> \(damaged[index])"
            #expect(run.status == 0 || run.status == 1, "\(change): \(run)")
            #expect(!run.timedOut, "\(change): \(run)")
            if run.status == 1 {
                #expect(run.stderr.contains("mpinfer: error: "), "\(change): \(run)")
                #expect(folder.names(in: "out").isEmpty, "\(change): \(folder.names(in: "out"))")
            } else if run.status == 0 {
                #expect(!(try job.takeFiles()).isEmpty, "\(change)")
            }
        }
    }
}
