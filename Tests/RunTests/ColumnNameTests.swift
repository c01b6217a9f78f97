import TestSupport
import Testing

/// Results that a model has names for.
@Suite struct ColumnNameTests {
    @Test("the columns of a ZipMap have its names, also behind a cut and in a chain") func zipMap() throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 3])
        model.node("Abs", "size", ["x"])
        model.node("Neg", "negative", ["size"])
        model.node(
            "ZipMap", "chances", ["negative"], texts: [("classlabels_strings", ["cat", "dog, big", "\"owl\""])],
            domain: "ai.onnx.ml")
        model.output("chances", [nil, 3])
        var first = TinyModel()
        first.input("pixels", [nil, 3])
        first.node("Abs", "x", ["pixels"])
        first.output("x", [nil, 3])
        let path = try folder.write(model.bytes, to: "model.onnx")
        let values = try folder.write(NumPyArray.file(shape: [2, 3], [1, 2, 3, 4, 5, 6.5] as [Float]), to: "x.npy")
        let job = try TestJob(
            model: path, inputs: [("x", values)], microbatch: 1, formats: ["csv", "jsonl"], folder: folder)
        for ranks in [1, 2] {
            try MPInfer.expectSuccess(try job.run(ranks: ranks, ["-q"]))
            try expectNames(folder)
        }
        let chain = try TestJob(
            model: nil, inputs: [("pixels", values)], microbatch: 1, formats: ["csv", "jsonl"],
            others: ["models: [first.onnx, model.onnx]"], folder: folder)
        try folder.write(first.bytes, to: "first.onnx")
        try MPInfer.expectSuccess(try chain.run(["-q"]))
        try expectNames(folder)
    }

    private func expectNames(_ folder: ScratchFolder) throws {
        #expect(
            try folder.text("out/chances.csv")
                == "item,cat,\"dog, big\",\"\"\"owl\"\"\"\n0,-1.0,-2.0,-3.0\n1,-4.0,-5.0,-6.5\n")
        let lines = try folder.text("out/chances.jsonl").split(separator: "\n")
        #expect(lines.last == "{\"item\": 1, \"values\": {\"cat\": -4.0, \"dog, big\": -5.0, \"\\\"owl\\\"\": -6.5}}")
    }
}
