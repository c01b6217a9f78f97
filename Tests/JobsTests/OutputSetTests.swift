import Foundation
import ModelFormats
import Tensors
import Testing

@testable import Jobs

@Suite struct OutputSetTests {
    let folder: TemporaryFolder
    static let scores = ModelOutput(name: "net/scores:0", itemType: TensorType(.float32, [3]))

    init() throws { folder = try TemporaryFolder() }

    private func open(
        _ outputs: [ModelOutput] = [scores], items: ItemNames = .rows(5), labels: Labels? = nil,
        classes: ClassNames? = nil, _ change: (inout JobSpecification.Outputs) -> Void = { _ in }
    ) throws -> OutputSet {
        var specification = JobSpecification.Outputs(
            folder: "\(folder.path)/new/results", formats: [.npy, .jsonl, .csv])
        change(&specification)
        return try OutputSet(specification, outputs: outputs, items: items, labels: labels, classes: classes)
    }

    private func failure(
        _ outputs: [ModelOutput] = [scores], classes: ClassNames? = nil,
        _ change: (inout JobSpecification.Outputs) -> Void
    ) -> String {
        do {
            _ = try open(outputs, classes: classes, change)
            return "opened"
        } catch {
            return "\(error)".replacing(folder.path, with: "F")
        }
    }

    /// Item i is [i, i + 0.1, -i].
    static func values(_ items: Range<Int>) -> Tensor {
        Tensor(items.flatMap { [Float($0), Float($0) + 0.1, -Float($0)] }, shape: [items.count, 3])
    }

    @Test func anyOrderInInputOrderOut() throws {
        var generator = Seeded(state: 6)
        for _ in 0..<20 {
            let set = try open()
            for items in [0..<1, 1..<3, 3..<4, 4..<5].shuffled(using: &generator) {
                #expect(!folder.seenNames.contains { $0.hasSuffix(".csv") })
                try set.write("net/scores:0", items: items, from: Self.values(items))
            }
            try set.commit()
            #expect(
                folder.names == [
                    "new", "new/results", "new/results/net_scores_0.csv", "new/results/net_scores_0.jsonl",
                    "new/results/net_scores_0.npy",
                ])
            let array = try NPY.read("\(folder.path)/new/results/net_scores_0.npy")
            #expect(array.shape == [5, 3])
            #expect(array.elements(of: Float.self) == Self.values(0..<5).elements(of: Float.self))
            #expect(
                try folder.text("new/results/net_scores_0.csv") == """
                    item,value_0,value_1,value_2
                    0,0.0,0.1,-0.0
                    1,1.0,1.1,-1.0
                    2,2.0,2.1,-2.0
                    3,3.0,3.1,-3.0
                    4,4.0,4.1,-4.0

                    """)
            let lines = try folder.text("new/results/net_scores_0.jsonl").split(separator: "\n")
            #expect(lines.count == 5 && lines[1] == #"{"item": 1, "values": [1.0, 1.1, -1.0]}"#)
            try FileManager.default.removeItem(atPath: "\(folder.path)/new")
        }
    }

    @Test func theBestClasses() throws {
        let set = try open(
            items: .files(["a.png", "b,\"c\".png"]),
            labels: try Labels(
                .init(file: folder.write("label,file\n2,a.png\n0,\"b,\"\"c\"\".png\"\n", to: "l.csv")),
                items: .files(["a.png", "b,\"c\".png"])),
            classes: ClassNames(names: ["cat", "d\"og", "cow"])
        ) { $0.top = 2 }
        try set.write(
            "net/scores:0", items: 0..<2,
            from: Tensor([.nan, 1, -.infinity, 0.5, 0.25, 0.5] as [Float], shape: [2, 3]))
        try set.commit()
        #expect(
            try folder.text("new/results/net_scores_0.csv") == """
                item,name,label,top1_class,top1_name,top1_value,top2_class,top2_name,top2_value
                0,a.png,2,1,"d""og",1.0,2,cow,-inf
                1,"b,""c"".png",0,0,cat,0.5,2,cow,0.5

                """)
        let lines = try folder.text("new/results/net_scores_0.jsonl").split(separator: "\n")
        #expect(
            lines[0]
                == #"{"item": 0, "name": "a.png", "label": 2, "top": [{"class": 1, "name": "d\"og", "value": 1.0}, {"class": 2, "name": "cow", "value": "-Infinity"}]}"#
        )
        for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }

    @Test func severalAxesAndTypes() throws {
        let set = try open(
            [
                ModelOutput(name: "a", itemType: TensorType(.int64, [2, 1, 2])),
                ModelOutput(name: "b", itemType: TensorType(.bool, [])),
                ModelOutput(name: "c", itemType: TensorType(.float16, [1])),
            ], items: .rows(1)
        ) { $0.named["c"] = .init(formats: [.csv]) }
        try set.write("a", items: 0..<1, from: Tensor([1, 2, 3, .max] as [Int64], shape: [1, 2, 1, 2]))
        try set.write("b", items: 0..<1, from: Tensor([true], shape: [1]))
        let half = Tensor(zeros: .float16, shape: [1, 1])
        half.withMutableBytes { $0.storeBytes(of: UInt16(0x2E66), as: UInt16.self) }  // 0.1, or what half has of it
        try set.write("c", items: 0..<1, from: half)
        try set.commit()
        #expect(
            try folder.text("new/results/a.csv")
                == "item,value_0_0_0,value_0_0_1,value_1_0_0,value_1_0_1\n0,1,2,3,9223372036854775807\n")
        #expect(
            try folder.text("new/results/a.jsonl")
                == "{\"item\": 0, \"values\": [[[1, 2]], [[3, 9223372036854775807]]]}\n")
        #expect(try folder.text("new/results/b.jsonl") == "{\"item\": 0, \"values\": true}\n")
        #expect(try folder.text("new/results/b.csv") == "item,value\n0,1\n")
        #expect(try folder.text("new/results/c.csv") == "item,value_0\n0,0.1\n")
        #expect(!folder.names.contains("new/results/c.npy"))
    }

    @Test func whatIsNotCommittedLeavesNothing() throws {
        try open().discard()
        #expect(folder.names == [])
        _ = try open()
        #expect(folder.names == [])
        try folder.write("old", to: "new/results/net_scores_0.csv")
        let set = try open()
        try set.write("net/scores:0", items: 1..<5, from: Self.values(1..<5))
        #expect { try set.commit() } throws: { "\($0)".contains("net_scores_0.npy: 1 of 5 items were not computed") }
        set.discard()
        #expect(folder.names == ["new", "new/results", "new/results/net_scores_0.csv"])
        #expect(try folder.text("new/results/net_scores_0.csv") == "old")
    }

    @Test func whatCannotBeWrittenIsSaidAtOnce() throws {
        try folder.write("a file", to: "file")
        #expect(
            failure { $0.folder = folder.path + "/file" }
                == "F/file: the folder cannot be made: Not a directory; name another folder")
        #expect(
            failure { $0.folder = folder.path + "/file/x/y" }
                == "F/file/x: the folder cannot be made: Not a directory; name another folder")
        #expect(failure { $0.folder = "/proc/mpinfer" }.hasPrefix("/proc/mpinfer: the folder cannot be made"))
        #expect(
            failure { $0.named = ["net/score:0": .init()] }.contains(
                "has no output 'net/score:0'; did you mean 'net/scores:0'?"))
        #expect(failure { $0.top = 4 }.contains("top: 4, and output 'net/scores:0' has 3 classes"))
        #expect(
            failure(classes: ClassNames(names: ["a"])) { $0.top = 1 }.contains("1 names of classes for the 3 classes"))
        let map = ModelOutput(name: "map", itemType: TensorType(.float32, [2, 2]))
        #expect(failure([map]) { $0.top = 1 }.contains("'top' needs one value for each class, and output 'map' is 2x2"))
        let twin = ModelOutput(name: "net:scores:0", itemType: map.itemType)
        #expect(
            failure([Self.scores, twin]) { _ in }.contains(
                "outputs 'net/scores:0' and 'net:scores:0' would both go here"))
        for (extent, words) in [(1 << 39, "huge.npy: no room for"), (1 << 42, "are too many for one array")] {
            let huge = ModelOutput(name: "huge", itemType: TensorType(.float32, Shape([extent])))
            #expect(failure([Self.scores, huge]) { $0.formats = [.npy] }.contains(words))
        }
        try folder.write("in the way", to: "new/results/net_scores_0.csv/file")
        #expect(failure { _ in }.contains("something that is no regular file has this name"))
        #expect(
            folder.names == [
                "file", "new", "new/results", "new/results/net_scores_0.csv", "new/results/net_scores_0.csv/file",
            ])
    }

    @Test func accuracy() throws {
        let path = try folder.write("label\n1\n1\n0\n", to: "l.csv")
        let labels = try Labels(.init(file: path), items: .rows(3))
        var accuracy = Accuracy()
        #expect(accuracy.fraction == nil)
        accuracy.add(items: 1..<3, from: Tensor([0, 5, 7, 7] as [Float], shape: [2, 2, 1]), labels: labels)
        accuracy.add(items: 0..<1, from: Tensor([1, 0] as [Float], shape: [1, 2]), labels: labels)
        #expect(accuracy.correctCount == 2 && accuracy.count == 3)
    }

    @Test func numbersReadBack() throws {
        var generator = Seeded(state: 8)
        let values = (0..<2000).map { _ in Float(bitPattern: .random(in: 0...UInt32.max, using: &generator)) }
        for (value, text) in zip(values, NumberText.csv.texts(of: Tensor(values))) {
            let read = try #require(Float(text))
            #expect(read.bitPattern == value.bitPattern || value.isNaN && read.isNaN)
        }
        let json = NumberText.json.texts(of: Tensor(values)).joined(separator: ",")
        #expect(try (JSONSerialization.jsonObject(with: Data("[\(json)]".utf8)) as? [Any])?.count == 2000)
    }
}
