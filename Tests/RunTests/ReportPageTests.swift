import Foundation
import TestSupport
import Testing

/// Pages and pictures of real runs, as a browser shows them.
@Suite(
    .enabled(if: Browser.isThereOrRequired, "\(Browser.absent)"), .timeLimit(.minutes(10)))
struct ReportPageTests {
    private func inspect(_ job: TestJob, charts names: [String]) throws {
        let page = "\(job.folder.path)/report.html"
        var grounds: [String] = []
        for isDark in [false, true] {
            let found = try PageInspection(page, in: job.folder, isDark: isDark)
            #expect(found.logged.isEmpty, "\(found.logged)")
            for name in names { #expect(found.charts.contains { $0.name == name }, "no chart '\(name)'") }
            for chart in found.charts {
                #expect(chart.width > 100 && chart.height > 20 && chart.shown > 500, "\(chart)")
                #expect(chart.overlaps.isEmpty && chart.outside.isEmpty, "\(chart)")
                #expect(chart.contrast > 4.4, "\(chart)")
            }
            #expect(found.overflow == 0, "wider than a narrow screen")
            #expect(found.tables > 1 && found.headers > 10)
            grounds.append(found.background)
        }
        #expect(grounds[0] != grounds[1], "dark is not light: \(grounds)")
        let pdf = "\(job.folder.path)/report.pdf"
        try MPInfer.expectSuccess(try Browser.print(page, to: pdf))
        let bytes = try job.folder.bytes("report.pdf")
        #expect(bytes.starts(with: Array("%PDF".utf8)) && bytes.count > 10_000 && bytes.count < 20_000_000)
    }

    /// Each file is a picture of its own that a browser can show.
    private func expectPictures(_ job: TestJob, _ names: [String]) throws {
        for name in names {
            let text = try job.folder.text("pictures/\(name).svg")
            #expect(text.hasPrefix("<?xml") && !text.contains("NaN") && !text.contains("var("))
            let run = try Browser.open("\(job.folder.path)/pictures/\(name).svg")
            #expect(run.stdout.contains("<svg") && !run.stdout.contains("parsererror"), "\(run)")
        }
    }

    @Test("a run: page, trace and pictures") func run() throws {
        let job = try TestJob.sums(layers: 6, items: 40)
        let folder = job.folder.path
        try MPInfer.expectSuccess(
            try job.run(
                ranks: 3,
                [
                    "-q", "--report", "\(folder)/report.html", "--trace", "\(folder)/trace.json", "--pictures",
                    "\(folder)/pictures",
                ]))
        try inspect(
            job,
            charts: [
                "Timeline of the ranks", "Where the time of each rank went", "Layers and stages",
                "Bytes over each cut", "Memory of each rank over time",
            ])
        try expectPictures(job, ["timeline", "breakdown", "layers", "traffic", "memory"])
        let trace = try #require(
            JSONSerialization.jsonObject(with: Data(job.folder.bytes("trace.json"))) as? [String: Any])
        let events = try #require(trace["traceEvents"] as? [[String: Any]])
        for rank in 0..<3 {
            let computed = events.filter {
                $0["ph"] as? String == "X" && $0["pid"] as? Int == 1 && $0["tid"] as? Int == rank
                    && $0["name"] as? String == "compute"
            }
            #expect(computed.count == 10, "40 items in microbatches of 4")
        }
    }

    @Test("a comparison over several numbers of ranks") func compare() throws {
        let job = try TestJob.sums(layers: 6, items: 40)
        let folder = job.folder.path
        try MPInfer.expectSuccess(
            try MPInfer.run(
                [
                    "compare", job.specification, "--ranks", "1,2,3", "--rounds", "3", "-q", "--strategies",
                    "uniform,flops,random", "--report", "\(folder)/report.html", "--trace", "\(folder)/trace.json",
                    "--pictures", "\(folder)/pictures",
                ], ranks: 3, timeout: 240))
        try inspect(job, charts: ["Plans compared", "Throughput over ranks", "Timeline of the ranks"])
        try expectPictures(job, ["ranking", "scaling", "timeline"])
        #expect(try job.folder.text("trace.json").contains("\"traceEvents\""))
    }

    @Test("the inspection notices what it looks for") func inspection() throws {
        let folder = try ScratchFolder()
        let page = try folder.write(
            """
            <!DOCTYPE html><html><body style="background: white"><div style="width: 700px">wide</div>
            <svg class="chart" viewBox="0 0 100 50" width="600"><title>bad</title>
            <text x="10" y="20" class="a" fill="black">first</text><text x="12" y="22" class="a" fill="#eee">second</text>
            <text x="95" y="40" class="a" fill="black">beyond</text></svg>
            <svg class="chart" viewBox="0 0 100 50" width="600"><title>empty</title></svg>
            <script>console.error("something is wrong")</script></body></html>
            """, to: "bad.html")
        let found = try PageInspection(page, in: folder)
        #expect(found.logged.contains { $0.contains("something is wrong") })
        #expect(found.overflow > 300 && found.tables == 0)
        let bad = try #require(found.charts.first)
        #expect(bad.overlaps == ["second on first"] && bad.outside == ["beyond"] && bad.contrast < 2)
        #expect(found.charts.count == 2 && found.charts[1].width == 0)
    }

    @Test("a place that cannot be written to is found before the run") func errors() throws {
        let job = try TestJob.sums(layers: 3, items: 8)
        let path = "\(job.folder.path)/none/report.html"
        for arguments in [
            ["run", job.specification, "--report", path], ["compare", job.specification, "--trace", path],
        ] {
            MPInfer.expectFailure(try MPInfer.run(arguments + ["-q"], ranks: 2), [path, "cannot be written"])
        }
        #expect(job.folder.names(in: "out").isEmpty)
    }
}
