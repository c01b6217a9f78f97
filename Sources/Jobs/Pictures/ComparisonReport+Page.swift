internal import Planning

extension ComparisonReport {
    /// Plans whose timelines are on the page.
    private static let detailLimit = 4

    private func charts(_ place: Int) -> RunCharts {
        let entry = entries[place]
        return RunCharts(
            prefix: place == 0 ? "" : "plan\(place + 1)-", measured: entry.measuredTimeline,
            predicted: entry.predictedTimeline, plan: entry.plan, layers: entry.layers,
            breakdown: entry.measuredTimeline.map(TimeBreakdown.init),
            microbatches: entry.measuredTimeline?.microbatchesNoted ?? 0)
    }

    private var overview: [ReportPage.Section] {
        [
            ReportPage.Section(
                title: "Plans, the fastest first",
                charts: [RankingChart(name: "ranking", report: self).chart].compactMap(\.self),
                openTables: [PageTable(caption: "Medians; in brackets the lowest and the highest", table)]),
            ReportPage.Section(
                title: "Scaling", charts: [ScalingChart(name: "scaling", report: self).chart].compactMap(\.self)),
        ]
    }

    private var details: [ReportPage.Section] {
        guard !entries.isEmpty else { return [] }
        var sections = charts(0).sections().map { section in
            var section = section
            section.title = "The best plan: \(section.title.prefix(1).lowercased())\(section.title.dropFirst())"
            return section
        }
        for place in entries.indices.dropFirst().prefix(ComparisonReport.detailLimit - 1) {
            let charts = charts(place)
            let pictures = charts.timelines.prefix(1) + [charts.breakdownChart, charts.layersChart].compactMap(\.self)
            sections.append(
                ReportPage.Section(
                    title: "Plan \(place + 1): \(entries[place].name)",
                    charts: pictures.map { chart in
                        // What the pictures of the best plan say already.
                        var chart = chart
                        chart.caption = ""
                        return chart
                    }))
        }
        return sections
    }

    /// The pictures of the comparison and of its first plans, as far as there is something to show.
    var pictures: [Chart] { (overview + details).flatMap(\.charts) }

    /// The whole report as an HTML page.
    public var page: String {
        let shown = hosts.prefix(8).joined(separator: ", ") + (hosts.count > 8 ? ", ..." : "")
        return ReportPage(
            kind: "mpinfer compare", title: JobReport.fileName(model),
            subtitle: "\(entries.count) plan\(entries.count == 1 ? "" : "s"), \(items) items, \(threads) "
                + "thread\(threads == 1 ? "" : "s") a rank, \(rounds) round\(rounds == 1 ? "" : "s") in turn on "
                + "\(hosts.count) host\(hosts.count == 1 ? "" : "s") (\(shown)). Model: \(model)",
            figures: figures, sentences: conclusions, sections: overview + details
        ).html
    }

    private var figures: [ReportPage.Figure] {
        guard let best = entries.first else { return [] }
        return [
            ReportPage.Figure(
                "best plan", best.strategies.joined(separator: ", "),
                note: "\(best.ranks) rank\(best.ranks == 1 ? "" : "s"), microbatch \(best.microbatch)"),
            ReportPage.Figure(
                "throughput", "\(Quantity.rate(best.itemsPerSecond)) items/s",
                note: "\(Quantity.rate(best.rounds.min() ?? 0)) .. \(Quantity.rate(best.rounds.max() ?? 0))"),
            ReportPage.Figure(
                "predicted", "\(Quantity.rate(best.predicted.itemsPerSecond)) items/s",
                note: "\(Quantity.change(best.predictionError)) against the measured"),
            ReportPage.Figure("latency", Quantity.seconds(best.latency), note: "of the first microbatch"),
        ]
    }
}
