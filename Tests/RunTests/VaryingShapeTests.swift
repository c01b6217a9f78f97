import FoundationEssentials
import TestSupport
import Testing

/// Items of different shapes in one job, inputs without items, results that count items on another axis.
@Suite struct VaryingShapeTests {
    /// Adds 1 to `x` in each of some layers; x has a symbolic number of columns.
    private static func ladder(layers: Int, in folder: ScratchFolder) throws -> String {
        var model = TinyModel()
        model.input("x", [nil, "T"])
        model.constant("one", shape: [1], [1] as [Float])
        for layer in 1...layers { model.node("Add", "sum\(layer)", [layer == 1 ? "x" : "sum\(layer - 1)", "one"]) }
        model.output("sum\(layers)", [nil, "T"])
        return try folder.write(model.bytes, to: "model.onnx")
    }

    private func job(_ lines: [String], in folder: ScratchFolder) throws -> String {
        try folder.write((["version: 1", "model: model.onnx"] + lines).joined(separator: "\n") + "\n", to: "job.yaml")
    }

    @Test("items of many lengths, more than programs are kept", arguments: [1, 2, 3])
    func lengths(ranks: Int) throws {
        let folder = try ScratchFolder()
        _ = try VaryingShapeTests.ladder(layers: 4, in: folder)
        var random = TestSupport.SplitMix(11)
        let lengths = (0..<60).map { _ in random.integer(1...40) }
        for (item, length) in lengths.enumerated() {
            _ = try folder.write(
                NumPyArray.file(shape: [length], [Float](repeating: Float(item), count: length)),
                to: "items/\(item < 10 ? "0" : "")\(item).npy")
        }
        let path = try job(
            [
                "input: {arrays: items}", "outputs: {folder: out, formats: [npz, jsonl]}", "schedule: {microbatch: 3}",
            ], in: folder)
        try MPInfer.expectSuccess(try MPInfer.run(["run", "-q", path], ranks: ranks))
        let rows = try folder.text("out/sum4.jsonl").split(separator: "\n")
        #expect(rows.count == lengths.count)
        for (item, length) in lengths.enumerated() {
            let values = [String](repeating: "\(item + 4).0", count: length).joined(separator: ", ")
            let name = "\(item < 10 ? "0" : "")\(item).npy"
            #expect(rows[item] == "{\"item\": \(item), \"name\": \"\(name)\", \"values\": [\(values)]}")
        }
        // NumPy finds the arrays by the names of the archive's entries.
        let archive = try folder.bytes("out/sum4.npz")
        #expect(archive.starts(with: Array("PK".utf8)) && archive.count > lengths.reduce(0, +) * 4)
    }

    @Test func oneKindOfFileNeedsOneShape() throws {
        let folder = try ScratchFolder()
        _ = try VaryingShapeTests.ladder(layers: 2, in: folder)
        for length in [2, 3] {
            _ = try folder.write(
                NumPyArray.file(shape: [length], [Float](repeating: 1, count: length)), to: "\(length).npy")
        }
        let path = try job(["input: {arrays: [2.npy, 3.npy]}", "outputs: {folder: out}"], in: folder)
        let run = try MPInfer.run(["run", path], ranks: 2)
        MPInfer.expectFailure(run, ["sum2.npy", "differ in shape", "npz or jsonl"])
        #expect(folder.names(in: "out").isEmpty)
    }

    @Test("state carried from item to item", arguments: [1, 2, 4])
    func carriedState(ranks: Int) throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 3])
        model.input("memory", [1, 3])
        model.input("scale", [])
        model.node("Mul", "scaled", ["x", "scale"])
        model.node("Add", "sum", ["scaled", "memory"])
        model.constant("zero", shape: [1], [0] as [Float])
        model.node("Add", "kept", ["sum", "zero"])
        model.node("Add", "twice", ["kept", "kept"])
        model.node("Sub", "y", ["twice", "x"])
        model.output("y", [nil, 3])
        model.output("kept", [1, 3])
        _ = try folder.write(model.bytes, to: "model.onnx")
        let values: [Float] = (0..<12).flatMap { item -> [Float] in [Float(item), 1, Float(-item)] }
        _ = try folder.write(NumPyArray.file(shape: [12, 3], values), to: "x.npy")
        let inputs = "inputs: {x: {array: x.npy}, memory: {carried: kept}, scale: {constant: 10}}"
        let path = try job([inputs, "outputs: {folder: out}"], in: folder)
        try MPInfer.expectSuccess(try MPInfer.run(["run", "-q", path], ranks: ranks))
        var memory = [0.0, 0, 0]
        var expected: [Double] = []
        for item in 0..<12 {
            let x = [Double(item), 1, Double(-item)]
            for column in 0..<3 {
                memory[column] += 10 * x[column]
                expected.append(2 * memory[column] - x[column])
            }
        }
        let result = try NumPyArray(path: "\(folder.path)/out/y.npy")
        #expect(result.shape == [12, 3] && result.values == expected)
        #expect(folder.names(in: "out") == ["y.npy"])

        guard ranks == 2 else { return }
        let named = try MPInfer.run(
            ["run", "-q", path, "--set", "outputs.named={kept: {formats: [npy]}}"], ranks: ranks)
        try MPInfer.expectSuccess(named)
        let kept = try NumPyArray(path: "\(folder.path)/out/kept.npy")
        #expect(kept.shape == [12, 1, 3] && Array(kept.values.suffix(3)) == memory)
        func failure(_ changes: String..., words: String...) throws {
            let run = try MPInfer.run(["run", path] + changes.flatMap { ["--set", $0] }, ranks: ranks)
            MPInfer.expectFailure(run, words)
        }
        try failure("schedule.microbatch=2", words: "carries state", "schedule.microbatch to 1")
        try failure("inputs.memory.carried=keep", words: "no output 'keep'", "kept")
        try failure("inputs.scale.constant=[1, 2]", words: "inputs.scale", "2 numbers")
        try failure("inputs.scale={array: x.npy}", words: "scale", "scalar", "constant")
        try failure(
            "parallelism={strategy: manual, cuts: [kept]}", words: "cut before 'kept'", "carried state")
    }

    @Test func resultsWithItemsOnAnotherAxis() throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 3])
        model.input("side", [2, nil])
        model.constant("one", shape: [1], [1] as [Float])
        model.node("Transpose", "turned", ["x"])  // [3, N]
        model.node("Add", "y", ["turned", "one"])
        model.node("Concat", "both", ["turned", "side"], attributes: [("axis", 0)])  // [5, N]
        model.output("y", [3, nil])
        model.output("both", [5, nil])
        _ = try folder.write(model.bytes, to: "model.onnx")
        _ = try folder.write(NumPyArray.file(shape: [7, 3], (0..<21).map(Float.init)), to: "x.npy")
        _ = try folder.write(NumPyArray.file(shape: [7, 2], (0..<14).map { Float(100 + $0) }), to: "side.npy")
        let path = try job(
            ["inputs: {x: {array: x.npy}, side: {array: side.npy}}", "outputs: {folder: out}"], in: folder)
        for (ranks, size) in [(1, 1), (2, 1), (1, 3), (3, 3), (2, 5), (1, 7)] {
            try MPInfer.expectSuccess(
                try MPInfer.run(["run", "-q", path, "--set", "schedule.microbatch=\(size)"], ranks: ranks))
            let y = try NumPyArray(path: "\(folder.path)/out/y.npy")
            #expect(y.shape == [7, 3] && y.values == (0..<21).map { Double($0) + 1 }, "\(ranks) ranks, \(size)")
            let both = try NumPyArray(path: "\(folder.path)/out/both.npy")
            let rows = (0..<7).flatMap { item -> [Double] in
                let x = (0..<3).map { column in Double(3 * item + column) }
                let side = (0..<2).map { column in Double(100 + 2 * item + column) }
                return x + side
            }
            #expect(both.shape == [7, 5] && both.values == rows, "\(ranks) ranks, \(size)")
        }
    }

    @Test("shapes that only the run can tell cross the ranks with a header", arguments: [1, 2, 3, 5])
    func dataDependentShapes(ranks: Int) throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 6])
        model.constant("one", shape: [1], [1] as [Float])
        model.node("Add", "shifted", ["x", "one"])
        model.node("NonZero", "places", ["shifted"])  // [2, found]
        model.node("Transpose", "rows", ["places"])
        model.node("Cast", "numbers", ["rows"], attributes: [("to", 1)])
        model.node("Add", "sum", ["numbers", "one"])
        model.node("Mul", "product", ["sum", "sum"])
        model.output("product", ["found", 2])
        _ = try folder.write(model.bytes, to: "model.onnx")
        var random = TestSupport.SplitMix(5)
        // -1 becomes 0, which is not found.
        let items = (0..<40).map { item in
            (0..<6).map { _ in item == 3 ? -1 : Float(random.integer(-1...1)) }
        }
        _ = try folder.write(NumPyArray.file(shape: [40, 6], items.flatMap { $0 }), to: "x.npy")
        let path = try job(["input: {array: x.npy}", "outputs: {folder: out, formats: [jsonl]}"], in: folder)
        try MPInfer.expectSuccess(try MPInfer.run(["run", "-q", path], ranks: ranks))
        let rows = try folder.text("out/product.jsonl").split(separator: "\n")
        #expect(rows.count == 40)
        for (item, values) in items.enumerated() {
            let found = values.indices.filter { values[$0] != -1 }.map { "[1.0, \(($0 + 1) * ($0 + 1)).0]" }
            #expect(rows[item] == "{\"item\": \(item), \"values\": [\(found.joined(separator: ", "))]}")
        }
        let run = try MPInfer.run(["run", path, "--set", "schedule.microbatch=2"], ranks: ranks)
        MPInfer.expectFailure(run, ["product", "set schedule.microbatch to 1"])
    }
}
