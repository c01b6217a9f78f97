import TestSupport
import Testing

/// Random numbers of whole jobs.
@Suite struct RandomDrawTests {
    @Test("random numbers hang on the item alone: the same on any ranks, threads and microbatches") func anyPlan()
        throws
    {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 4])
        model.node("RandomNormalLike", "normal", ["x"])
        model.node("Add", "noisy", ["x", "normal"])
        model.node("RandomUniformLike", "uniform", ["noisy"])
        model.node("Bernoulli", "coin", ["uniform"])
        model.node("Multinomial", "classes", ["noisy"], attributes: [("sample_size", 6), ("dtype", 7)])
        for output in ["noisy", "uniform", "coin"] { model.output(output, [nil, 4]) }
        model.output("classes", [nil, 6], .int64)
        let items = 60
        let zeros = NumPyArray.file(shape: [items, 4], [Float](repeating: 0, count: items * 4))
        let job = try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"), inputs: [("x", folder.write(zeros, to: "x.npy"))],
            microbatch: 7, folder: folder)
        try MPInfer.expectSuccess(try job.run(["-q"]))
        let normal = try job.array("noisy").values
        #expect(abs(normal.reduce(0, +) / 240) < 0.2 && Set(normal).count == 240)
        let (classes, coins) = (try job.array("classes").values, try job.array("coin").values)
        #expect(Set(classes) == [0, 1, 2, 3] && Set(coins) == [0, 1])
        let expected = try job.takeFiles()
        for (ranks, microbatch, threads) in [(1, 1, 2), (2, 7, 1), (3, 13, 2), (4, 60, 1)] {
            let settings = ["--set", "schedule.microbatch=\(microbatch)", "--set", "threads=\(threads)", "-q"]
            try MPInfer.expectSuccess(try job.run(ranks: ranks, settings))
            #expect(try job.takeFiles() == expected, "\(ranks) ranks, microbatches of \(microbatch)")
        }
    }
}
