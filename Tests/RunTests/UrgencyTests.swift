import FoundationEssentials
import TestSupport
import Testing

/// Items that are more urgent than others.
@Suite struct UrgencyTests {
    private struct Report: Decodable {
        struct Miss: Decodable {
            let item: String
            let deadline: Double
            let finished: Double
        }
        struct Deadlines: Decodable {
            let count: Int
            let missedCount: Int
            let missed: [Miss]
        }
        struct Result: Decodable { let deadlines: Deadlines? }
        let result: Result
    }

    private static let count = 12

    /// Item i is i, three times; its file has a number too.
    private func job(_ list: [String], name: String, microbatch: Int = 1, carries: Bool = false) throws -> TestJob {
        let folder = try ScratchFolder()
        var model = TinyModel()
        model.input("x", [nil, 3])
        model.constant("one", shape: [3], [1, 1, 1] as [Float])
        model.node("Add", "sum1", ["x", "one"])
        model.node("Add", "sum2", ["sum1", "one"])
        model.output("sum2", [nil, 3])
        for item in 0..<UrgencyTests.count {
            try folder.write(NumPyArray.file(shape: [3], [Float](repeating: Float(item), count: 3)), to: "\(item).npy")
        }
        let path = try folder.write(list.joined(separator: "\n"), to: name)
        return try TestJob(
            model: folder.write(model.bytes, to: "model.onnx"),
            sources: [("x", "{arrays: {list: \(quoted(path))}}")], microbatch: microbatch, folder: folder)
    }

    @Test(
        "the order of the run, and the list of misses",
        arguments: [
            (1, ["pipeline=1"]), (2, ["pipeline=2"]), (2, ["data=2"]), (2, ["data=2", "distribution=dynamic"]),
            (2, ["data=2", "distribution=least-loaded"]),
        ])
    func order(ranks: Int, settings: [String]) throws {
        // No run can meet such a deadline: all are missed, and the misses are listed as the items are finished.
        let lines = (0..<UrgencyTests.count).map { item in
            #"{"path": "\#(item).npy", "priority": \#(item % 3), "deadline": \#(1e-13 * Double(100 - item))}"#
        }
        let job = try job(lines, name: "items.jsonl")
        let run = try job.run(
            ranks: ranks, ["--json"] + settings.flatMap { ["--set", "parallelism.\($0)"] })
        let deadlines = try #require(try run.decoded(Report.self).result.deadlines)
        #expect(deadlines.count == UrgencyTests.count && deadlines.missedCount == UrgencyTests.count)
        #expect(deadlines.missed.allSatisfy { $0.finished > $0.deadline })
        // The highest priority comes first, and among equal priorities the earliest deadline, which the last item has.
        let expected = (0..<UrgencyTests.count).sorted { ($1 % 3, $1) < ($0 % 3, $0) }
        let found = deadlines.missed.compactMap { Int($0.item.dropLast(4)) }
        #expect(found.sorted() == Array(0..<UrgencyTests.count))
        switch settings.last {
        case "pipeline=1", "pipeline=2": #expect(found == expected)
        case "data=2":
            // One of two replicas may be ahead by the few microbatches that are collected late.
            for (place, item) in found.enumerated() {
                #expect(abs(expected.firstIndex(of: item)! - place) <= 5, "\(found)")
            }
        default: break  // items are taken in this order; a replica that is held up finishes its own much later
        }
        #expect(run.stderr.contains("no plan can keep the deadline of "), "\(run.stderr)")
        let values = try job.array("sum2").values
        #expect(values == (0..<UrgencyTests.count).flatMap { [Double](repeating: Double($0) + 2, count: 3) })
    }

    @Test func keptDeadlines() throws {
        let job = try job(
            ["path,deadline"] + (0..<12).map { "\($0).npy,\($0 % 2 == 0 ? "600" : "")" }, name: "items.csv")
        let run = try job.run(ranks: 2)
        try MPInfer.expectSuccess(run)
        #expect(run.stdout.contains("deadlines: all 6 kept"), "\(run.stdout)")
        #expect(!run.stderr.contains("no plan can keep"))
    }

    @Test func aBadLine() throws {
        let job = try job(["path,deadline", "0.npy,1", "1.npy,tomorrow"], name: "items.csv")
        for command in ["run", "validate"] {
            let run = try MPInfer.run([command, job.specification])
            MPInfer.expectFailure(run, ["items.csv: line 3: deadline 'tomorrow'", "seconds"])
        }
    }
}
