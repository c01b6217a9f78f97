import Foundation
import Planning
import Testing

@testable import Jobs

/// The trace as viewers read it: valid JSON, and the events that the Trace Event Format asks for.
@Suite struct TraceFileTests {
    private func read(_ file: TraceFile) throws -> [[String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(file.json.utf8)) as? [String: Any]
        return try #require(object?["traceEvents"] as? [[String: Any]])
    }

    @Test("a process for each timeline, a thread for each rank, a block for each span") func structure() throws {
        let run = try SampleRun(stages: 3, microbatches: 5, nasty: true)
        let events = try read(
            TraceFile(measured: run.measured, predicted: run.predicted, plan: run.plan, model: SampleRun.nastyName))
        func named(_ phase: String, _ process: Int) -> [[String: Any]] {
            events.filter { $0["ph"] as? String == phase && $0["pid"] as? Int == process }
        }
        for event in events {
            #expect(event["name"] is String && event["pid"] is Int && event["tid"] is Int, "\(event)")
            if event["ph"] as? String != "M" { #expect(event["ts"] as? Double ?? -1 >= 0, "\(event)") }
        }
        for (process, timeline) in [(1, run.measured), (2, run.predicted)] {
            let names = named("M", process).compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
            #expect(
                names == [process == 1 ? "measured" : "predicted"] + (0..<3).map { "rank \($0), stage \($0)" })
            let complete = named("X", process)
            #expect(complete.count == timeline.spansWithTransfers().reduce(0) { $0 + $1.count })
            for event in complete {
                #expect(event["dur"] as? Double ?? -1 >= 0)
                #expect((event["args"] as? [String: Any])?["microbatch"] is Int)
            }
            let seconds =
                complete.filter { $0["cat"] as? String == "compute" && $0["tid"] as? Int == 1 }
                .compactMap { $0["dur"] as? Double }.reduce(0, +) / 1e6
            #expect(abs(seconds - timeline.ranks[1][.compute]) < 1e-6)
            try checkArrows(starts: named("s", process), ends: named("f", process), blocks: complete)
        }
        #expect(named("C", 1).count == 15 && named("C", 2).isEmpty)
        #expect(named("C", 1).allSatisfy { ($0["args"] as? [String: Any])?["bytes"] is Int })
    }

    /// Both ends lie in blocks, on the ranks of the edge, and no arrow goes back in time.
    private func checkArrows(starts: [[String: Any]], ends: [[String: Any]], blocks: [[String: Any]]) throws {
        #expect(starts.count == 10 && ends.count == 10, "2 edges, 5 microbatches")
        func isInside(_ event: [String: Any]) -> Bool {
            let time = event["ts"] as? Double ?? -1
            return blocks.contains {
                let start = $0["ts"] as? Double ?? 0
                return $0["tid"] as? Int == event["tid"] as? Int && start < time
                    && time < start + ($0["dur"] as? Double ?? 0)
            }
        }
        for start in starts {
            let end = try #require(ends.first { $0["id"] as? Int == start["id"] as? Int })
            #expect(isInside(start) && isInside(end) && end["bp"] as? String == "e")
            #expect(end["tid"] as? Int == (start["tid"] as? Int).map { $0 + 1 })
            #expect(start["ts"] as? Double ?? 1 < end["ts"] as? Double ?? 0)
        }
    }

    @Test("nothing at all is a trace too") func empty() throws {
        #expect(try read(TraceFile(measured: nil, predicted: nil, plan: nil, model: "")).isEmpty)
    }

    @Test("files go where they are asked for, and errors name the path") func outputs() throws {
        let folder = try TemporaryFolder()
        let report = try SampleRun.comparison(ranks: [1, 2, 4])
        let outputs = try PictureOutputs(
            report: "\(folder.path)/page.html", trace: "\(folder.path)/trace.json", pictures: "\(folder.path)/a/b")
        #expect(folder.names.isEmpty)
        try outputs.write(report)
        let names = folder.names
        #expect(names.contains("page.html") && names.contains("trace.json") && names.contains("a/b/scaling.svg"))
        #expect(try folder.text("page.html").hasPrefix("<!DOCTYPE html>"))
        #expect(names.count { $0.hasSuffix(".svg") } == report.pictures.count)
        let broken: [() throws -> PictureOutputs] = [
            { try PictureOutputs(report: "\(folder.path)/none/page.html") },
            { try PictureOutputs(trace: "\(folder.path)/none/page.html") },
            { try PictureOutputs(pictures: "\(folder.path)/page.html/none") },
        ]
        for broken in broken {
            let error = #expect(throws: (any Error).self) { try broken() }
            #expect("\(error.map { "\($0)" } ?? "")".contains(folder.path))
        }
    }
}
