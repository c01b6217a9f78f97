import ModelFormats
import Tensors
import Testing

@testable import Jobs

@Suite struct ItemJoiningTests {
    let folder: TemporaryFolder
    static let model = ["a", "b"].map { ModelInput(name: $0, dtype: .float32, itemDimensions: [nil], form: .whole) }

    init() throws { folder = try TemporaryFolder() }

    /// An array of one number, in a file of its own.
    private func write(_ value: Int, to name: String) throws {
        try folder.write([], to: name)  // makes the folders
        try NPY.write(Tensor([Float(value)], shape: [1]), to: "\(folder.path)/\(name)")
    }

    private func open(_ a: String, _ b: String, _ others: String = "") throws -> InputSet {
        let text = "version: 1\nmodel: m\ninputs: {a: \(a), b: \(b)}\n\(others)"
        return try InputSet(JobSpecification.parse(text, path: "j.yaml", folder: folder.path), model: Self.model)
    }

    private func failure(_ a: String, _ b: String, _ others: String = "") -> String {
        do { return "opened \(try open(a, b, others).itemNames)" } catch {
            return "\(error)".replacing(folder.path, with: "F")
        }
    }

    /// What each item of an input is.
    private func values(_ set: InputSet, _ input: Int) throws -> [Float] {
        let source = set.sources[input].source
        let tensor = Tensor(zeros: .float32, shape: [source.count, 1])
        try source.read(items: Array(0..<source.count), into: tensor)
        return tensor.elements(of: Float.self)
    }

    @Test func partnersAreFoundByName() throws {
        for (name, value) in [("x", 1), ("y", 2), ("z", 3)] {
            try write(value, to: "a/\(name).npy")
            try write(10 * value, to: "b/\(name).npy")
            try write(value, to: "c/\(name)/nodes.npy")
            try write(10 * value, to: "c/\(name)/edges.npy")
        }
        let turned = try open("{arrays: a}", "{arrays: [b/z.npy, b/x.npy, b/y.npy]}")
        #expect(turned.itemNames == .files(["x.npy", "y.npy", "z.npy"]))
        #expect(try values(turned, 0) == [1, 2, 3] && values(turned, 1) == [10, 20, 30])
        let folders = try open("{arrays: [c/z/nodes.npy, c/x/nodes.npy]}", "{arrays: [c/x/edges.npy, c/z/edges.npy]}")
        #expect(try values(folders, 0) == [3, 1] && values(folders, 1) == [30, 10])
        let ordered = try open("{arrays: a}", "{arrays: [b/z.npy, b/x.npy, b/y.npy]}", "join: order")
        #expect(try values(ordered, 1) == [30, 10, 20])
        // Rows have no names.
        try NPY.write(Tensor([7, 8, 9] as [Float], shape: [3, 1]), to: "\(folder.path)/rows.npy")
        let rows = try open("{array: rows.npy}", "{arrays: [b/z.npy, b/x.npy, b/y.npy]}")
        #expect(rows.itemNames == .files(["z.npy", "x.npy", "y.npy"]))
        #expect(try values(rows, 0) == [7, 8, 9] && values(rows, 1) == [30, 10, 20])
        // One item each belongs together whatever it is called.
        #expect(try open("{array: a/x.npy}", "{array: b/y.npy}").count == 1)
        // A list names files in its own order.
        try folder.write("z.npy\r\n\n  \nx.npy\ny.npy", to: "b/list.txt")
        let listed = try open("{array: rows.npy}", "{arrays: {list: b/list.txt}}")
        #expect(try values(listed, 1) == [30, 10, 20])
    }

    @Test func whatFindsNoPartner() throws {
        for name in ["a/x.npy", "a/y.npy", "b/x.npy", "b/y.npy", "b/z.npy", "b/more/x.npy"] { try write(1, to: name) }
        #expect(
            failure("{arrays: b}", "{arrays: a}")
                == "input 'b': nothing for 1 of the 3 items of input 'a': z; call the files of one item alike, or set "
                + "join: order")
        #expect(
            failure("{arrays: a}", "{arrays: b}").hasPrefix(
                "input 'a': nothing for 1 of the 3 items of input 'b': z; "))
        #expect(
            failure("{arrays: a}", "{arrays: b}", "join: order").hasPrefix("input 'b': 3 items, but input 'a' has 2"))
        #expect(failure("{arrays: [a/x.npy, a/y.npy]}", "{arrays: b/x.npy}").contains("nothing for 1 of the 2 items"))
        var archive = NPZArchive()
        archive.add("x", Tensor([1 as Float], shape: [1]))
        archive.add("x.npy", Tensor([1 as Float], shape: [1]))
        try folder.write(archive.encoded(path: "x"), to: "twice.npz")
        #expect(failure("{array: twice.npz}", "{arrays: a}").contains("two of its items are called 'x'"))
        try folder.write("a/x.npy\nnone.npy\n", to: "list.txt")
        #expect(
            failure("{arrays: {list: list.txt}}", "{arrays: a}")
                == "F/list.txt: line 2: there is no file F/none.npy; paths in a list count from the list's folder")
        try folder.write("\n \n", to: "list.txt")
        #expect(failure("{arrays: {list: list.txt}}", "{arrays: a}") == "F/list.txt: the list names no file")
        try folder.write("a\n", to: "list.txt")
        #expect(failure("{arrays: {list: list.txt}}", "{arrays: a}").contains("line 1: F/a is a folder"))
        #expect(
            failure("{arrays: {lists: list.txt}}", "{arrays: a}").contains("unknown key 'lists'; did you mean 'list'?"))
        #expect(failure("{arrays: {}}", "{arrays: a}").contains("the key 'list' is missing"))
    }

    /// Whatever the order and the names, item i of each input is called alike.
    @Test func anyOrder() throws {
        var random = Seeded(state: 3)
        for round in 0..<40 {
            let count = Int.random(in: 2...6, using: &random)
            var names: [String] = []
            for index in 0..<count {
                let inner: String = ["", "deep/", "d/e/"].randomElement(using: &random) ?? ""
                names.append("r\(round)/\(inner)n\(index)")
            }
            for (index, name) in names.enumerated() {
                try write(index, to: "p/\(name).npy")
                try write(index + 100, to: "q/\(name).npy")
            }
            func list(_ side: String, _ order: [String]) -> String {
                let files = order.map { "\(side)/\($0).npy" }
                return "{arrays: [\(files.joined(separator: ", "))]}"
            }
            let set = try open(list("p", names.shuffled(using: &random)), list("q", names.shuffled(using: &random)))
            let wanted: [Float] = try values(set, 0).map { $0 + 100 }
            #expect(try values(set, 1) == wanted)
        }
    }
}
