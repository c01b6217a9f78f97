internal import Planning

extension JobReport {
    private var charts: RunCharts {
        RunCharts(
            prefix: "", measured: timeline, predicted: predicted, plan: plan, layers: layers, breakdown: breakdown,
            microbatches: microbatches)
    }

    /// The pictures of the run, as far as there is something to show.
    var pictures: [Chart] { charts.sections().flatMap(\.charts) }

    /// The whole report as an HTML page.
    public var page: String {
        ReportPage(
            kind: "mpinfer run", title: Self.fileName(model),
            subtitle: "\(items) item\(items == 1 ? "" : "s") on \(ranks.count) rank\(ranks.count == 1 ? "" : "s"), "
                + "\(microbatches) microbatch\(microbatches == 1 ? "" : "es") of \(microbatch), strategy \(strategy). "
                + "Model: \(model)",
            figures: figures, sentences: explanation.lines,
            sections: charts.sections(rankTable: rankTable) + [resultSection]
        ).html
    }

    static func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private var figures: [ReportPage.Figure] {
        var figures = [
            ReportPage.Figure("throughput", "\(Quantity.fixed(itemsPerSecond, 1)) items/s"),
            ReportPage.Figure("time", Quantity.seconds(seconds), note: "loading apart"),
        ]
        if predicted.makespan > 0 {
            if let check = explanation.check {
                figures.append(
                    ReportPage.Figure(
                        "predicted", "\(Quantity.fixed(check.predictedItemsPerSecond, 1)) items/s",
                        note: "\(Quantity.change(check.error)) against the measured"))
            } else if predicted.microbatchesNoted >= microbatches {
                // A long job is simulated in part.
                figures.append(
                    ReportPage.Figure(
                        "predicted", Quantity.seconds(predicted.makespan), note: "by operations, no times measured"))
            }
        }
        figures.append(
            ReportPage.Figure(
                "peak memory", Quantity.bytes(ranks.map(\.peakMemory).max() ?? 0), note: "of any rank"))
        if let accuracy = result.accuracy {
            figures.append(
                ReportPage.Figure(
                    "accuracy", Quantity.percent(accuracy), note: "\(result.correct) of \(result.labelled)"))
        }
        return figures
    }

    private var resultSection: ReportPage.Section {
        var section = ReportPage.Section(title: "Results")
        if !result.predictions.isEmpty {
            section.openTables.append(PageTable(caption: "The first items", predictionTable))
        }
        if !result.files.isEmpty {
            var files = TextTable([("file", .left)])
            for file in result.files { files.add([file]) }
            section.openTables.append(PageTable(caption: "Files written", files))
        }
        return section
    }
}
