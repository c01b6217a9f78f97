import Foundation
import Planning
import Testing

@testable import Jobs

/// Drawings of made-up runs: well-formed, inside their frames, and true.
@Suite struct ChartTests {
    private func check(_ charts: [Chart], _ comment: String) {
        for chart in charts {
            let read = ReadDrawing(chart.drawing)
            #expect(read.problems.isEmpty, "\(comment), \(chart.name): \(read.problems.prefix(5))")
        }
    }

    @Test(
        "charts are well-formed for any number of ranks",
        arguments: [(1, 8), (2, 1), (4, 5), (8, 40), (17, 30), (40, 10), (256, 20)])
    func ranks(_ stages: Int, _ microbatches: Int) throws {
        let charts = try SampleRun(stages: stages, microbatches: microbatches).charts
        let all = charts.sections().flatMap(\.charts)
        var names = ["timeline", "breakdown", "layers", "traffic", "memory"]
        if stages == 1 { names.removeAll { $0 == "traffic" } }
        #expect(all.map(\.name).filter { $0 != "beginning" } == names)
        check(all, "\(stages) ranks")
        for chart in all { #expect(chart.drawing.file.utf8.count < 1_500_000, "\(chart.name) is too large") }
    }

    @Test("names of others break nothing") func nastyNames() throws {
        let run = try SampleRun(stages: 4, nasty: true)
        let comparison = try SampleRun.comparison(ranks: [1, 2, 4], nasty: true)
        check(run.charts.sections().flatMap(\.charts) + comparison.pictures, "nasty")
        let texts = run.charts.sections().flatMap(\.charts).flatMap { ReadDrawing($0.drawing).texts }
        #expect(texts.contains { $0.hasPrefix("a<b>") }, "the names are shown as they are")
        let page = comparison.page
        #expect(!page.contains("<script") && !page.contains("\u{202E}") && !page.contains("\u{0}"))
        #expect(page.contains("&lt;script&gt;alert(1)"))
        for name in ["src=", "http:", "https:", "url(http", "@import"] {
            #expect(!page.contains(name), "a page needs nothing else: \(name)")
        }
    }

    @Test("where nothing was noted there is no chart") func empty() throws {
        let run = try SampleRun(stages: 2)
        let nothing = Timeline(ranks: [.init(rank: 0, stages: [0]), .init(rank: 1, stages: [1])])
        for timeline in [nothing, Timeline(ranks: [])] {
            let charts = RunCharts(
                prefix: "", measured: timeline, predicted: timeline, plan: nil, layers: nil,
                breakdown: TimeBreakdown(timeline), microbatches: 0)
            #expect(charts.sections().flatMap(\.charts).isEmpty)
        }
        // Half of it is enough.
        let half = RunCharts(
            prefix: "", measured: run.measured, predicted: nothing, plan: nil, layers: nil, breakdown: nil,
            microbatches: 8)
        #expect(half.sections().flatMap(\.charts).map(\.name) == ["timeline", "memory"])
        let report = ComparisonReport(
            model: "", items: 0, rounds: 1, threads: 1, hosts: [], entries: [], leftOut: ["nothing"])
        #expect(report.pictures.isEmpty && report.page.contains("Nothing."))
    }

    @Test("figures that are no numbers leave none in the drawing") func notNumbers() throws {
        let run = try SampleRun(stages: 2)
        var timeline = run.measured
        timeline.ranks[0].spans.append(.init(.compute, microbatch: 99, start: .nan, end: .infinity))
        timeline.ranks[1].spans.append(.init(.compute, microbatch: 99, start: 5, end: 3))
        let charts = RunCharts(
            prefix: "", measured: timeline, predicted: nil, plan: run.plan, layers: run.layers,
            breakdown: TimeBreakdown(timeline), microbatches: 8)
        check(charts.sections().flatMap(\.charts), "no numbers")
        for speed in [0, .nan, .infinity, 1e-12, 1e15] as [Double] {
            let entries = [
                try SampleRun(stages: 2).entry(itemsPerSecond: speed, ratio: nil),
                run.entry(itemsPerSecond: speed, ratio: 0.0...Double.infinity),
                try SampleRun(stages: 1).entry(itemsPerSecond: 5, ratio: 0.9...1.1),
            ]
            let report = ComparisonReport(
                model: "m", items: 1, rounds: 1, threads: 1, hosts: ["h"], entries: entries, leftOut: [])
            check(report.pictures, "speed \(speed)")
        }
    }

    @Test("a comparison has its own charts, and those of its first plans") func comparison() throws {
        let report = try SampleRun.comparison(ranks: [1, 2, 4, 8, 16, 32, 64, 128])
        check(report.pictures, "comparison")
        let names = report.pictures.map(\.name)
        #expect(names.prefix(3) == ["ranking", "scaling", "timeline"] && names.contains("plan4-timeline"))
        #expect(Set(names).count == names.count && !names.contains("plan5-timeline"))
        // One number of ranks is no curve.
        #expect(!(try SampleRun.comparison(ranks: [4]).pictures.map(\.name).contains("scaling")))
        let page = report.page
        #expect(page.contains("<th scope=\"col\">strategy</th>") && page.contains("<caption>"))
        #expect(page.contains("prefers-color-scheme: dark") && page.contains("@media print"))
    }

    @Test("spans too narrow to be drawn become shares that add up") func steps() {
        // 3 of 4 of the time is computed, in pieces a hundredth as wide as a step.
        let spans = (0..<1000).flatMap { index in
            [
                Timeline.Span(.compute, microbatch: index, start: Double(index), end: Double(index) + 0.75),
                Timeline.Span(.wait, microbatch: index, start: Double(index) + 0.75, end: Double(index) + 1),
            ]
        }
        let row = TimelineRow(spans, window: 0...1000, pixel: 50)
        #expect(row.blocks.isEmpty)
        #expect(row.steps == [.init(start: 0, end: 1000, shares: [.compute: 0.75, .bubble: 0.25])])
        let wide = TimelineRow(spans, window: 10...20, pixel: 0.01)
        #expect(wide.steps.isEmpty && wide.blocks.count == 20)
        #expect(wide.blocks.allSatisfy { $0.start >= 10 && $0.end <= 20 })
    }

    @Test("waits are split where the sender began") func transfers() {
        var timeline = Timeline(ranks: [.init(rank: 0, stages: [0]), .init(rank: 1, stages: [1])])
        timeline.ranks[0].sends = [.init(edge: 0, microbatch: 0, start: 3, end: 3)]
        timeline.ranks[1].spans = [.init(.wait, microbatch: 0, start: 1, end: 5)]
        timeline.ranks[1].waits = [.init(edge: 0, microbatch: 0, start: 1, end: 4)]
        let spans = timeline.spansWithTransfers()[1]
        #expect(
            spans == [
                .init(.wait, microbatch: 0, start: 1, end: 3), .init(.transfer, microbatch: 0, start: 3, end: 4),
                .init(.wait, microbatch: 0, start: 4, end: 5),
            ])
    }

    @Test("scales and their marks") func scales() {
        #expect(PictureScale(from: 0, to: 10, at: 0, 100).ticks(5) == [0, 2, 4, 6, 8, 10])
        #expect(PictureScale(from: 0, to: 1, at: 100, 0)(0.25) == 75)
        #expect(PictureScale(.logarithmic, from: 1, to: 16, at: 0, 100)(4) == 50)
        #expect(PictureScale.roundedUp(83) == 100 && PictureScale.roundedUp(0) == 1)
        #expect(PictureScale.label(0.4, step: 0.2) == "0.4" && PictureScale.label(4e7, step: 2e7) == "40.0 M")
        #expect(RankSelection(of: 256, limit: 4).shown == [0, 85, 170, 255])
        #expect(RankSelection(of: 3, limit: 4).shown == [0, 1, 2] && RankSelection(of: 3, limit: 4).note == nil)
    }

    @Test("texts are shortened in the middle, and numbers are short") func texts() {
        #expect(MarkupText.shortened("short", to: 200) == "short")
        let long = MarkupText.shortened("encoder.layers.11.attention.output.dense", to: 100)
        #expect(long.hasPrefix("enc") && long.hasSuffix("nse") && long.contains("…"))
        #expect(MarkupText.width(long) <= 100)
        #expect(
            MarkupText.number(-0.004) == "0" && MarkupText.number(1.5) == "1.5" && MarkupText.number(2.03) == "2.03")
        #expect(MarkupText.number(.nan) == "0" && MarkupText.number(-12.34) == "-12.34")
        #expect(MarkupText.escaped("<\u{1}&>") == "&lt;&amp;&gt;")
    }

    /// Colours side by side differ in lightness too, and what is written on them can be read (WCAG 2.1: 4.5 to 1).
    @Test("colours can be told apart, and read", arguments: ["light", "dark"]) func colours(_ name: String) {
        let theme = name == "light" ? PictureTheme.light : PictureTheme.dark
        for (surface, what) in theme.stages.map({ ($0, "stage") }) + theme.kinds.map({ ($1, $0.rawValue) })
            + [(theme.computeOdd, "odd")]
        {
            #expect(Self.contrast(surface.fill, surface.text) >= 4.5, "\(what) on \(surface.fill)")
        }
        for (left, right) in zip(theme.stages, theme.stages.dropFirst() + [theme.stages[0]]) {
            #expect(Self.contrast(left.fill, right.fill) >= 2, "\(left.fill) beside \(right.fill)")
        }
        #expect(Self.contrast(theme.ground, theme.muted) >= 4.5 && Self.contrast(theme.panel, theme.muted) >= 4.5)
        #expect(Self.contrast(theme.ground, theme.measured) >= 3 && Self.contrast(theme.ground, theme.predicted) >= 3)
    }

    private static func contrast(_ first: String, _ second: String) -> Double {
        func luminance(_ colour: String) -> Double {
            let value = Int(colour.dropFirst(), radix: 16)!
            let parts = [16, 8, 0].map { shift -> Double in
                let part = Double(value >> shift & 0xFF) / 255
                return part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        let (a, b) = (luminance(first), luminance(second))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }
}
