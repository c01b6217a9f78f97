internal import Planning

extension JobReport {
    /// What was predicted, how accurate it was, and where the time of the ranks went, for a terminal.
    public var text: String {
        var lines: [String] = []
        if !result.predictions.isEmpty {
            lines += predictionLines + [""]
        }
        if let accuracy = result.accuracy {
            lines.append("accuracy: \(result.correct) of \(result.labelled) = \(Quantity.percent(accuracy))")
        }
        if let deadlines = result.deadlines { lines.append("deadlines: " + JobReport.text(of: deadlines)) }
        if !result.files.isEmpty {
            lines.append("written:  " + result.files.map(Self.shortened).joined(separator: ", "))
        }
        lines.append(
            "speed:    \(items) items in \(Quantity.seconds(seconds)), \(Quantity.fixed(itemsPerSecond, 1)) items/s "
                + "(\(microbatches) microbatches of \(microbatch), strategy \(strategy))")
        return (lines + ["", rankTable.text, ""] + explanation.lines).joined(separator: "\n")
    }

    private static func text(of deadlines: DeadlineResult) -> String {
        guard deadlines.missedCount > 0 else { return "all \(deadlines.count) kept" }
        let shown = deadlines.missed.prefix(3).map {
            "\($0.item) (due after \(Quantity.seconds($0.deadline)), there after \(Quantity.seconds($0.finished)))"
        }
        return "\(deadlines.missedCount) of \(deadlines.count) missed: " + shown.joined(separator: ", ")
            + (deadlines.missedCount > shown.count ? ", ..." : "")
    }

    /// A path to show: `jobs/../results/a.csv` is `results/a.csv`.
    private static func shortened(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    /// What was predicted for the first items.
    var predictionTable: TextTable {
        var table = TextTable([("item", .left), ("predicted", .left), ("label", .left)])
        for prediction in result.predictions {
            table.add([prediction.item, prediction.predicted, prediction.label ?? ""])
        }
        return table
    }

    private var predictionLines: [String] {
        let rest = items - result.predictions.count
        return predictionTable.lines + (rest > 0 ? ["... and \(rest) more"] : [])
    }

    /// Where the time of each rank went, and what it needed.
    var rankTable: TextTable {
        var table = TextTable([
            ("rank", .right), ("host", .left), ("stage", .right), ("layers", .left), ("threads", .right),
            ("load", .right), ("compute", .right), ("communication", .right), ("in/out", .right), ("imbalance", .right),
            ("bubble", .right), ("memory", .right),
        ])
        for rank in ranks {
            let layers =
                rank.layerCount == 1 ? rank.firstLayer : "\(rank.firstLayer) .. \(rank.lastLayer) (\(rank.layerCount))"
            let parts = breakdown.ranks[rank.rank]
            func share(_ seconds: Double) -> String {
                Quantity.percent(breakdown.total > 0 ? seconds / breakdown.total : 0)
            }
            table.add([
                String(rank.rank), rank.host, String(rank.stage), layers, String(rank.threads), share(parts.load),
                share(parts.compute), share(parts.communication), share(parts.inputOutput), share(parts.imbalance),
                share(parts.bubble), Quantity.bytes(rank.peakMemory),
            ])
        }
        return table
    }
}
