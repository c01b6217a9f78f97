import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What `run` refuses before it computes, `validate` refuses in the same words; and what it accepts runs.
@Suite struct ValidateTests {
    /// Ten items for the quickstart's model, with labels, classes and outputs in several formats.
    private func job(_ folder: ScratchFolder) throws -> TestJob {
        let values = (0..<640).map { Float($0 % 17) / 17 }
        let input = try folder.write(NumPyArray.file(shape: [10, 1, 8, 8], values), to: "x.npy")
        try folder.write("file,label\n" + (0..<10).map { "\($0).png,\($0)\n" }.joined(), to: "labels.csv")
        try folder.write((0..<10).map { "digit \($0)\n" }.joined(), to: "classes.txt")
        try folder.write((0..<9).map { "digit \($0)\n" }.joined(), to: "nine.txt")
        try folder.write([0xFF, 0xD8, 0x00, 0x80, 0x0A] as [UInt8], to: "binary.txt")
        try folder.write("file,label\n0.png,0\n", to: "short.csv")
        return try TestJob(
            model: "\(Material.packageFolder)/jobs/quickstart/digits-cnn.onnx", inputs: [("image", input)],
            microbatch: 4,
            formats: ["npy", "csv"], others: ["labels: {file: labels.csv}", "classes: classes.txt"], folder: folder)
    }

    @Test(
        "faults that 'run' would find",
        arguments: [
            ("classes=absent.txt", "absent.txt"),
            ("classes=binary.txt", "binary.txt"),
            ("classes=nine.txt", "there is no class 9, there are 9"),
            ("labels.file=absent.csv", "absent.csv"),
            ("labels.file=binary.txt", "binary.txt"),
            ("labels.file=short.csv", "1 labels for the 10 items"),
            ("labels.column=lable", "no column 'lable'; did you mean 'label'?"),
            ("labels.output=logit", "the model has no output 'logit'; did you mean 'logits'?"),
            ("outputs.top=11", "set outputs.top to at most 10"),
            ("outputs.named={logit: {top: 1}}", "the model has no output 'logit'; did you mean 'logits'?"),
            ("outputs.images={folder: out, from: [logits]}", "an image is height x width"),
            ("outputs.images={folder: out, from: [mask]}", "the model has no output 'mask' (it has logits)"),
            ("outputs.folder=x.npy/out", "the folder cannot be made"),
            ("outputs.folder=x.npy", "x.npy"),
            ("schedule.microbatch=0", "a whole number from 1 to 65536"),
            ("inputs.image.array=absent.npy", "absent.npy"),
            ("inputs={picture: {array: x.npy}}", "the model has no such input (it has image)"),
            ("inputs={image: {array: x.npy}, imag: {constant: 1}}", "did you mean 'image'? (it has image)"),
        ]) func faults(setting: String, words: String) throws
    {
        let folder = try ScratchFolder()
        let job = try job(folder)
        let names = folder.names
        let setting = ["--set", setting]
        let validation = try MPInfer.run(["validate", job.specification] + setting)
        job.expectFailure(validation, words)
        #expect(folder.names == names, "nothing is left behind")
        let run = try job.run(["-q"] + setting)
        #expect(run.status == 1, "\(run)")
        let sentence = try #require(validation.stderr.split(separator: "mpinfer: error: ", maxSplits: 1).last)
        let last = sentence.split(separator: "\n").last!
        #expect(run.stderr.contains(last), "the same words: \(validation) \(run)")
    }

    @Test("a job that runs is valid, and nothing is made") func valid() throws {
        let folder = try ScratchFolder()
        let job = try job(folder)
        let names = folder.names
        let validation = try MPInfer.run(["validate", job.specification, "--ranks", "3"])
        try MPInfer.expectSuccess(validation)
        #expect(validation.stdout.contains("10 items"), "\(validation)")
        #expect(folder.names == names)
        try MPInfer.expectSuccess(try job.run(ranks: 3, ["-q"]))
        for ranks in ["0", "two"] {
            MPInfer.expectFailure(
                try MPInfer.run(["validate", job.specification, "--ranks", ranks]), ["ranks", ranks], status: 64)
        }
        MPInfer.expectFailure(
            try MPInfer.run(["validate", job.specification, "--ranks", "11"]), ["use at most 10 ranks"])
    }

    /// A file with a header and no bytes on the disk: only reading items would need time or memory for it.
    @Test("ten million items by their header") func manyItems() throws {
        let folder = try ScratchFolder()
        let job = try job(folder)
        let header = NumPyArray.file(shape: [10_000_000, 1, 8, 8], [Float]())
        let path = try folder.write(header, to: "many.npy")
        try #require(truncate(path, off_t(header.count + 10_000_000 * 256)) == 0)
        let validation = try MPInfer.run(
            [
                "validate", job.specification, "--set", "inputs.image.array=many.npy", "--set", "labels=null", "--set",
                "outputs.formats=[npz]", "--set", "classes=null",
            ], timeout: 60)
        try MPInfer.expectSuccess(validation)
        #expect(validation.stdout.contains("10000000 items"), "\(validation)")
    }
}
