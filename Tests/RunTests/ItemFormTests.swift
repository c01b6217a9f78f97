import FoundationEssentials
import TestSupport
import Testing

/// Items that are no rows: graphs, an image with its boxes, models without an axis for a batch. Expected values are ONNX
/// Runtime's, in `Items/`.
@Suite struct ItemFormTests {
    private static func fixture(_ name: String) -> String { "\(Material.packageFolder)/Tests/RunTests/Items/\(name)" }

    private func job(_ model: String, _ lines: [String]) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let all = ["version: 1", "model: \(quoted(ItemFormTests.fixture(model) + "/model.onnx"))"] + lines
        try folder.write(all.joined(separator: "\n") + "\n", to: "job.yaml")
        return folder
    }

    private func run(
        _ folder: ScratchFolder, ranks: Int? = nil, _ changes: String...
    ) throws -> ProcessRun {
        try MPInfer.run(
            ["run", "-q", "\(folder.path)/job.yaml"] + changes.flatMap { ["--set", $0] }, ranks: ranks)
    }

    /// The lines of a .jsonl file.
    private func rows(_ folder: ScratchFolder, _ name: String) throws -> [JSONValue] {
        try folder.text("out/\(name).jsonl").split(separator: "\n").map { try #require(JSONValue.parse(String($0))) }
    }

    private func expectClose(
        _ found: [Double]?, _ expected: NumPyArray, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let found = found ?? []
        #expect(found.count == expected.values.count, "\(what)", sourceLocation: sourceLocation)
        for (value, wanted) in zip(found, expected.values) {
            #expect(
                abs(value - wanted) <= 1e-5 + 1e-4 * abs(wanted), "\(what): \(value) instead of \(wanted)",
                sourceLocation: sourceLocation)
        }
    }

    private static let graphs = ["benzene", "caffeine", "lone", "water"]

    @Test("nodes and edges of a graph are one item, joined by name", arguments: [1, 2, 3])
    func graphs(ranks: Int) throws {
        let fixture = ItemFormTests.fixture("graph-network")
        for (nodes, edges) in [("arrays: ", "arrays: "), ("array: ", "array: ")] {
            let ending = nodes == "array: " ? ".npz" : ""
            let folder = try job(
                "graph-network",
                [
                    "inputs:", "  x: {\(nodes)\(quoted("\(fixture)/nodes\(ending)"))}",
                    "  edges: {\(edges)\(quoted("\(fixture)/edges\(ending)"))}",
                    "outputs: {folder: out, formats: [jsonl, npz]}",
                ])
            try MPInfer.expectSuccess(try run(folder, ranks: ranks))
            let rows = try rows(folder, "out")
            #expect(rows.count == 4)
            for row in rows {
                let name = try #require(row["name"]?.string).replacing(".npy", with: "")
                #expect(ItemFormTests.graphs.contains(name))
                let expected = try NumPyArray(path: "\(fixture)/expected/\(name).npy")
                expectClose(row["values"]?.numbers, expected, "\(nodes)\(name) on \(ranks) ranks")
            }
            #expect(Set(rows.compactMap { $0["name"]?.string }).count == 4)
        }
    }

    /// One graph, given in each of the ways that a person would try.
    @Test func oneGraph() throws {
        let fixture = ItemFormTests.fixture("graph-network")
        let expected = try NumPyArray(path: "\(fixture)/expected.npy")
        let edges = try NumPyArray(path: "\(fixture)/edges.npy").values.map { Int($0) }
        let x = quoted("\(fixture)/x.npy")
        let ways: [(inputs: String, others: [String])] = [
            ("{x: {array: \(x)}, edges: {array: \(quoted("\(fixture)/edges.npy"))}}", []),
            ("{x: {arrays: \(x)}, edges: {arrays: \(quoted("\(fixture)/edges.npy"))}}", []),
            ("{x: {array: \(x), items: whole}, edges: {constant: \(edges)}}", []),
            ("{x: {array: \(x), items: whole}, edges: {constant: \(edges)}}", ["dimensions: {edges: 41}"]),
            // As rows: all nodes in one microbatch are the graph as well.
            ("{x: {array: \(x), items: rows}, edges: {constant: \(edges)}}", ["schedule: {microbatch: 13}"]),
        ]
        for (inputs, others) in ways {
            let folder = try job("graph-network", ["inputs: \(inputs)", "outputs: {folder: out}"] + others)
            let run = try run(folder)
            try MPInfer.expectSuccess(run)
            let result = try NumPyArray(path: "\(folder.path)/out/out.npy")
            #expect(
                result.shape == (others.contains("schedule: {microbatch: 13}") ? [13, 4] : [1, 13, 4]), "\(inputs)")
            expectClose(result.values, expected, inputs)
        }
        let named = try job(
            "graph-network", ["inputs: {x: {array: \(x)}, edges: {constant: 0}}", "dimensions: {edges: 3}"])
        // Where the job says nothing the name of the axis decides, and a warning says so.
        #expect(try run(named).stderr.contains("its first axis is called 'nodes'"))
    }

    @Test func whatDoesNotFitIsSaid() throws {
        let fixture = ItemFormTests.fixture("graph-network")
        let (x, edges) = (quoted("\(fixture)/x.npy"), quoted("\(fixture)/edges.npy"))
        let folder = try job(
            "graph-network", ["inputs: {x: {array: \(x)}, edges: {array: \(edges)}}", "outputs: {folder: out}"])
        func failure(_ changes: String..., words: String...) throws {
            for command in ["validate", "run"] {
                let run = try MPInfer.run([command, "\(folder.path)/job.yaml"] + changes.flatMap { ["--set", $0] })
                MPInfer.expectFailure(run, words)
            }
        }
        try failure(
            "schedule.microbatch=13", words: "whole of input", "microbatch is 13", "leave schedule.microbatch out")
        try failure("dimensions={edgs: 41}", words: "dimensions.edgs", "did you mean 'edges'?", "nodes")
        try failure("inputs.edges={constant: [1, 2, 3]}", words: "inputs.edges", "2xedges", "dimensions: {edges: ...}")
        try failure("inputs.edges={constant: 1}", words: "inputs.edges", "dimensions: {edges: ...}")
        try failure(
            "inputs.edges={constant: [1, 2, 3]}", "dimensions={edges: 41}", words: "3 numbers", "2x41", "give one")
        try failure("inputs.x.items=rows", words: "items: whole")
        try failure("inputs.x.items=all", words: "inputs.x.items", "rows")
        try failure(
            "inputs={x: {arrays: \(quoted("\(fixture)/nodes"))}, edges: {arrays: "
                + "[\(quoted("\(fixture)/edges/lone.npy")), \(quoted("\(fixture)/edges/water.npy"))]}}",
            words: "input 'edges': nothing for 2 of the 4 items of input 'x': benzene, caffeine", "join: order")
    }

    @Test("an image and its boxes", arguments: [1, 2, 3])
    func boxes(ranks: Int) throws {
        let fixture = ItemFormTests.fixture("image-and-boxes")
        let folder = try job(
            "image-and-boxes",
            [
                "inputs: {x: {array: \(quoted("\(fixture)/images.npy"))}, rois: {arrays: \(quoted("\(fixture)/boxes"))}}",
                "outputs: {folder: out, formats: [jsonl]}",
            ])
        try MPInfer.expectSuccess(try run(folder, ranks: ranks))
        let rows = try rows(folder, "out")
        #expect(rows.count == 4)
        for (item, row) in rows.enumerated() {
            #expect(row["name"]?.string == "\(item).npy")
            expectClose(
                row["values"]?.numbers, try NumPyArray(path: "\(fixture)/expected/\(item).npy"), "\(item), \(ranks)")
        }
        guard ranks == 1 else { return }
        MPInfer.expectFailure(
            try run(folder, "schedule.microbatch=3"), ["whole of input 'rois'", "leave schedule.microbatch out"])
    }

    @Test func noBatchAndALengthThatOnlyTheRunKnows() throws {
        let fixture = ItemFormTests.fixture("no-batch")
        let folder = try job(
            "no-batch",
            ["input: {array: \(quoted("\(fixture)/x.npy"))}", "outputs: {folder: out, formats: [jsonl, npz]}"])
        // One node is one stage.
        try MPInfer.expectSuccess(try run(folder, ranks: 1))
        let rows = try rows(folder, "y")
        #expect(rows.count == 4)
        for (item, row) in rows.enumerated() {
            let expected = try NumPyArray(path: "\(fixture)/expected/\(item).npy")
            #expect(row["values"]?.numbers == expected.values)
        }
        // One item, in a file of its own, and a microbatch that contradicts.
        let one = try job("no-batch", ["input: {array: \(quoted("\(fixture)/expected/0.npy"))}"])
        MPInfer.expectFailure(try run(one), ["int64", "float32"])
        MPInfer.expectFailure(
            try run(folder, "schedule.microbatch=3"), ["whole of input 'x'", "microbatch is 3", "leave"])
        try folder.write(NumPyArray.file(shape: [3, 4], (0..<12).map { Float($0 % 2) }), to: "one.npy")
        let rowsOfOne = try run(folder, "schedule.microbatch=3", "input.array=one.npy")
        MPInfer.expectFailure(rowsOfOne, ["output 'y'", "always 3", "items to whole", "leave schedule.microbatch out"])
        #expect(!rowsOfOne.stderr.contains("schedule.microbatch to"))
        try MPInfer.expectSuccess(try run(folder, "input.array=one.npy"))
        let found: [[Double]?] = try self.rows(folder, "y").map { $0["values"]?.numbers }
        let wanted: [Double] = [0, 0, 1, 1, 2, 2, 1, 3, 1, 3, 1, 3]
        #expect(found == [wanted])
    }

    @Test("detectors that take one image", arguments: [1, 2])
    func detector(ranks: Int) throws {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("image", [3, "height", "width"])
        model.constant("one", shape: [1], [1] as [Float])
        model.node("Add", "shifted", ["image", "one"])
        model.node("Mul", "squared", ["shifted", "shifted"])
        model.output("squared", [3, "height", "width"])
        try folder.write(model.bytes, to: "model.onnx")
        for (name, width) in [("a", 2), ("b", 3)] {
            try folder.write(
                NumPyArray.file(shape: [3, 1, width], (0..<3 * width).map(Float.init)), to: "images/\(name).npy")
        }
        try folder.write(
            "version: 1\nmodel: model.onnx\ninput: {arrays: images}\noutputs: {folder: out, formats: [jsonl, npz]}\n",
            to: "job.yaml")
        try MPInfer.expectSuccess(try run(folder, ranks: ranks))
        let rows = try rows(folder, "squared")
        func squares(_ count: Int) -> [Double] { (0..<count).map { Double(($0 + 1) * ($0 + 1)) } }
        for (row, width) in zip(rows, [2, 3]) { #expect(row["values"]?.numbers == squares(3 * width)) }
        #expect(rows.count == 2)
        // A stack of images of one size, and images as pixels.
        try folder.write(NumPyArray.file(shape: [5, 3, 1, 2], (0..<30).map(Float.init)), to: "stack.npy")
        try MPInfer.expectSuccess(
            try run(folder, ranks: ranks, "input={array: stack.npy}", "outputs.formats=[npy]"))
        let stacked = try NumPyArray(path: "\(folder.path)/out/squared.npy")
        #expect(stacked.shape == [5, 3, 1, 2])
        #expect(stacked.values == squares(30))
        let pictures = quoted("\(Material.packageFolder)/jobs/quickstart/images")
        let asPixels = try run(folder, ranks: ranks, "input={images: \(pictures)}", "outputs.formats=[npy]")
        try MPInfer.expectSuccess(asPixels)
        let pixels = try NumPyArray(path: "\(folder.path)/out/squared.npy")
        #expect(Array(pixels.shape.dropFirst()) == [3, 8, 8])
    }

    @Test("an index out of range names item, input and model file", arguments: [1, 2, 3])
    func failingIndex(ranks: Int) throws {
        let folder = try job("lookup", ["inputs: {x: {array: x.npy}, i: {array: i.npy}}", "schedule: {microbatch: 4}"])
        try folder.write(NumPyArray.file(shape: [12, 4], [Float](repeating: 1, count: 48)), to: "x.npy")
        var indices = [Int64](repeating: 0, count: 12)
        indices[6] = 7
        try folder.write(NumPyArray.file(shape: [12], indices), to: "i.npy")
        let run = try run(folder, ranks: ranks)
        MPInfer.expectFailure(
            run, ["lookup/model.onnx", "node 'lookup'", "index 7", "extent 4", "at item 6", "input 'i'", "i.npy"])
    }
}

extension ItemFormTests {
    @Test("results of which only the run knows that they agree go into one array", arguments: [1, 2, 3])
    func openShapesThatAgree(ranks: Int) throws {
        let fixture = "\(Material.packageFolder)/Tests/RunTests/Items/recurrent-loop"
        let job = try TestJob(
            model: "\(fixture)/model.onnx", inputs: [("x", "\(fixture)/x.npy")], microbatch: 1,
            formats: ["npy", "npz", "jsonl"])
        try MPInfer.expectSuccess(try job.run(ranks: ranks, ["-q"]))
        let expected = try NumPyArray(path: "\(fixture)/expected.npy")
        let found = try job.array("Identity:0")
        #expect(found.shape == expected.shape)
        #expect(found.shape == [2, 1, 3])
        for (value, wanted) in zip(found.values, expected.values) {
            #expect(abs(value - wanted) <= 1e-6 + 1e-4 * abs(wanted))
        }
        guard ranks == 1 else { return }
        MPInfer.expectFailure(
            try job.run(ranks: 1, ["--set", "outputs.formats=[csv]"]), ["only the run can tell", "npy, npz or jsonl"])
    }

    @Test func openShapesThatDiffer() throws {
        let fixture = "\(Material.packageFolder)/Tests/RunTests/Items/no-batch"
        let job = try TestJob(
            model: "\(fixture)/model.onnx", inputs: [("x", "\(fixture)/x.npy")], microbatch: 1, formats: ["npy"])
        job.expectFailure(try job.run(), "y.npy", "the result of item 1 is", "npz or jsonl")
    }
}
