extension ComparisonReport {
    /// The ranked table and what follows from it, for a terminal.
    public var text: String { ([heading, ""] + table.lines + [""] + conclusions).joined(separator: "\n") }

    /// The plans in their order.
    var table: TextTable {
        var table = TextTable(ComparisonReport.columns.map { ($0.title, $0.alignment) })
        for (place, entry) in entries.enumerated() { table.add(ComparisonReport.cells(entry, place: place)) }
        return table
    }

    /// A table for GitHub and papers.
    public var markdown: String {
        func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        let rule = ComparisonReport.columns.map { $0.alignment == .right ? "--:" : ":--" }
        var lines = [heading, "", row(ComparisonReport.columns.map(\.title)), row(rule)]
        for (place, entry) in entries.enumerated() {
            lines.append(row(ComparisonReport.cells(entry, place: place).map { $0.replacing("|", with: "\\|") }))
        }
        return (lines + [""] + conclusions.map { "- " + $0 }).joined(separator: "\n") + "\n"
    }

    /// One row for each plan, plain numbers in SI units; RFC 4180.
    public var csv: String {
        let header = [
            "place", "strategies", "ranks", "microbatch", "predicted_items_per_second", "items_per_second",
            "items_per_second_low", "items_per_second_high", "prediction_error", "ratio_to_best_low",
            "ratio_to_best_high", "tied_with_best", "predicted_latency_seconds", "latency_seconds", "idle",
            "exposed_communication", "peak_memory_bytes",
        ]
        var rows = [header.joined(separator: ",")]
        for (place, entry) in entries.enumerated() {
            let cells: [String] = [
                String(place + 1), "\"\(entry.strategies.joined(separator: " "))\"", String(entry.ranks),
                String(entry.microbatch), String(entry.predicted.itemsPerSecond), String(entry.itemsPerSecond),
                String(entry.rounds.min() ?? 0), String(entry.rounds.max() ?? 0), String(entry.predictionError),
                entry.ratioToBest.map { String($0.low) } ?? "", entry.ratioToBest.map { String($0.high) } ?? "",
                entry.isTiedWithBest ? "1" : "0", String(entry.predicted.latency), String(entry.latency),
                String(entry.idle), String(entry.exposedCommunication), String(entry.peakMemory),
            ]
            rows.append(cells.joined(separator: ","))
        }
        return rows.joined(separator: "\r\n") + "\r\n"
    }

    private var heading: String {
        "\(model), \(items) items, \(threads) thread\(threads == 1 ? "" : "s") a rank, \(rounds) round\(rounds == 1 ? "" : "s") in turn on "
            + "\(hosts.joined(separator: ", ")); medians, in brackets the lowest and the highest"
    }

    private static let columns: [(title: String, alignment: TextTable.Alignment)] = [
        ("", .right), ("strategy", .left), ("ranks", .right), ("microbatch", .right), ("predicted/s", .right),
        ("measured/s", .right), ("error", .right), ("of the best, 95 %", .right), ("latency", .right),
        ("predicted", .right), ("idle", .right), ("exposed comm.", .right), ("memory", .right),
    ]

    private static func cells(_ entry: Entry, place: Int) -> [String] {
        let rate = Quantity.rate
        let ratio = entry.ratioToBest.map {
            "\(Quantity.percent($0.low)) .. \(Quantity.percent($0.high))\(entry.isTiedWithBest ? " =" : "")"
        }
        return [
            String(place + 1), entry.strategies.joined(separator: ", "), String(entry.ranks), String(entry.microbatch),
            rate(entry.predicted.itemsPerSecond),
            "\(rate(entry.itemsPerSecond)) (\(rate(entry.rounds.min() ?? 0)) .. \(rate(entry.rounds.max() ?? 0)))",
            Quantity.change(entry.predictionError), ratio ?? (place == 0 ? "" : "?"),
            Quantity.seconds(entry.latency), Quantity.seconds(entry.predicted.latency), Quantity.percent(entry.idle),
            Quantity.percent(entry.exposedCommunication), Quantity.bytes(entry.peakMemory),
        ]
    }

    /// What the table says, in sentences.
    var conclusions: [String] {
        guard let best = entries.first else { return leftOut }
        var lines: [String] = []
        let others = entries.dropFirst()
        let tied = others.filter(\.isTiedWithBest)
        if others.isEmpty {
            lines.append("there is one plan, and nothing to compare it with")
        } else if tied.isEmpty {
            lines.append("the best: \(best.name)")
        } else {
            lines.append(
                "these can't be told apart from the best in \(rounds) rounds (marked =): "
                    + ([best] + tied).map(\.name).joined(separator: "; "))
        }
        if let worst = others.last, !worst.isTiedWithBest, worst.itemsPerSecond > 0 {
            lines.append(
                "the best is \(Quantity.percent(best.itemsPerSecond / worst.itemsPerSecond - 1)) faster than the last "
                    + "(\(worst.name))")
        }
        let far = entries.filter { abs($0.predictionError) > RunExplanation.noteworthyError }
        if !far.isEmpty {
            lines.append(
                "predictions that are more than 10 % off: "
                    + far.map { "\($0.name) (\(Quantity.percent($0.predictionError)))" }.joined(separator: "; "))
        }
        return lines + leftOut
    }
}
