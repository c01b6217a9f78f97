import TestSupport

extension TestJob {
    /// A job whose right answer is plain: item i is three times the number i, and each of the layers `sum1`, `sum2`, ...
    /// adds 1.
    ///
    /// - Parameter outputs: layers whose sums are outputs of the model; the last when left out.
    static func sums(
        layers: Int, items: Int, outputs: [Int]? = nil, microbatch: Int = 4, formats: [String] = ["npy"]
    ) throws -> TestJob {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 3])
        model.constant("one", shape: [3], [1, 1, 1] as [Float])
        for layer in 1...layers { model.node("Add", "sum\(layer)", [layer == 1 ? "x" : "sum\(layer - 1)", "one"]) }
        for layer in outputs ?? [layers] { model.output("sum\(layer)", [nil, 3]) }
        let values = (0..<items).flatMap { [Float](repeating: Float($0), count: 3) }
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            inputs: [("x", folder.write(NumPyArray.file(shape: [items, 3], values), to: "x.npy"))],
            microbatch: microbatch, formats: formats, folder: folder)
    }
}
