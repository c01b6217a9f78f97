import FoundationEssentials
import TestSupport
import Testing

/// Items come out in the order in which they went in, whatever the schedule and the format.
@Suite struct ItemOrderTests {
    @Test("any microbatch size, several outputs, all formats", arguments: [1, 7, 40, 41, 64])
    func microbatches(size: Int) throws {
        let job = try TestJob.sums(
            layers: 5, items: 41, outputs: [5, 1, 3], microbatch: 1, formats: ["npy", "jsonl", "csv"])
        for ranks in [1, 2, 5] {
            try MPInfer.expectSuccess(try job.run(ranks: ranks, ["-q", "--set", "schedule.microbatch=\(size)"]))
            for layer in [1, 3, 5] {
                let array = try job.array("sum\(layer)")
                #expect(array.shape == [41, 3])
                #expect(array.values == (0..<41).flatMap { [Double](repeating: Double($0 + layer), count: 3) })
                let rows = try job.folder.text("out/sum\(layer).csv").split(separator: "\n")
                #expect(rows.first == "item,value_0,value_1,value_2")
                #expect(
                    rows.dropFirst().elementsEqual((0..<41).map { "\($0),\(values($0 + layer, ","))" }) { $0 == $1 })
                let objects = try job.folder.text("out/sum\(layer).jsonl").split(separator: "\n")
                #expect(
                    objects.elementsEqual(
                        (0..<41).map { "{\"item\": \($0), \"values\": [\(values($0 + layer, ", "))]}" }
                    ) { $0 == $1 })
            }
            #expect(job.folder.names(in: "out").count == 9)
        }
    }

    /// Three times the number, as the text formats have it.
    private func values(_ number: Int, _ separator: String) -> String {
        [String](repeating: "\(number).0", count: 3).joined(separator: separator)
    }

    @Test("images keep their names and labels", arguments: [1, 7, 64, 1000])
    func images(size: Int) throws {
        let folder = try ScratchFolder()
        try folder.copy("\(Material.packageFolder)/jobs", to: "jobs")
        let labels = try folder.text("jobs/quickstart/labels.csv").split(separator: "\n").dropFirst()
        for ranks in [1, 3] {
            let run = try MPInfer.run(
                [
                    "run", "-q", "--set", "schedule.microbatch=\(size)", "--set", "outputs.formats=[npy, jsonl, csv]",
                    "--set", "outputs.top=1",
                ],
                ranks: ranks, directory: folder.path)
            try MPInfer.expectSuccess(run)
            #expect(run.stdout.contains("355 of 360"), "\(run)")
            let rows = try folder.text("results/quickstart/logits.csv").split(separator: "\n").map {
                $0.split(separator: ",")
            }
            #expect(rows.first == ["item", "name", "label", "top1_class", "top1_name", "top1_value"])
            let named = rows.dropFirst().map { "\($0[1]),\($0[2])" }
            #expect(named == labels.map(String.init).sorted())
            #expect(rows.dropFirst().lazy.filter { $0[2] == $0[3] }.count == 355)
            let scores = try NumPyArray(path: "\(folder.path)/results/quickstart/logits.npy")
            #expect(scores.shape == [360, 10])
            for (item, row) in rows.dropFirst().enumerated() {
                let best = try #require(scores.values[item * 10..<item * 10 + 10].max())
                #expect(Double(row[5]).map(Float.init) == Float(best), "item \(item)")
            }
        }
    }
}
