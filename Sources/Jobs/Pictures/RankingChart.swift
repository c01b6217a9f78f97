/// The plans of a comparison, the fastest first: throughput by round and as predicted, and how each compares
/// with the best.
struct RankingChart {
    private static let entryLimit = 24
    private static let rowHeight = 38.0
    private static let speedLeft = 196.0
    private static let speedRight = 484.0
    private static let ratioLeft = 526.0
    private static let ratioRight = Chart.width - 18

    let name: String
    let report: ComparisonReport

    /// Nil where nothing was compared.
    var chart: Chart? {
        let entries = Array(report.entries.prefix(RankingChart.entryLimit))
        guard !entries.isEmpty else { return nil }
        let top = 50.0
        let bottom = top + Double(entries.count) * RankingChart.rowHeight
        var drawing = SVGDrawing(
            name: name, title: "Plans compared", summary: summary(entries), width: Chart.width, height: bottom + 40)
        drawLegend(into: &drawing)
        let most =
            entries.flatMap { $0.rounds + [$0.predicted.itemsPerSecond, $0.itemsPerSecond] }
            .filter(\.isFinite).max() ?? 0
        let speed = PictureScale(
            from: 0, to: PictureScale.roundedUp(most), at: RankingChart.speedLeft, RankingChart.speedRight)
        let ends = entries.compactMap(\.ratioToBest).flatMap { [$0.low, $0.high] }.filter(\.isFinite) + [1]
        // An interval of two rounds may be very wide; the axis does not cover it.
        let low = max(0, (ends.min()! * 20 - 0.5).rounded(.down) / 20)
        let high = min(2, (ends.max()! * 20 + 0.5).rounded(.up) / 20)
        let ratio = PictureScale(
            from: low * 100, to: high * 100, at: RankingChart.ratioLeft, RankingChart.ratioRight)
        for index in entries.indices {
            let y = top + Double(index) * RankingChart.rowHeight
            drawing.line(x1: 0, y1: y, x2: Chart.width, y2: y, class: "grid")
        }
        drawing.horizontalAxis(speed, y: bottom, gridTo: top, title: "items per second", count: 4)
        drawing.horizontalAxis(ratio, y: bottom, gridTo: top, title: "throughput, % of the best", count: 4)
        drawing.line(x1: ratio(100), y1: top, x2: ratio(100), y2: bottom, class: "axis")
        for (index, entry) in entries.enumerated() {
            let y = top + (Double(index) + 0.5) * RankingChart.rowHeight
            label(entry, place: index, y: y, into: &drawing)
            drawSpeed(entry, on: speed, y: y, into: &drawing)
            drawRatio(entry, place: index, on: ratio, y: y, into: &drawing)
        }
        return Chart(drawing: drawing, caption: caption)
    }

    private func drawLegend(into drawing: inout SVGDrawing) {
        drawing.line(x1: 196, y1: 10, x2: 220, y2: 10, class: "measured-range")
        drawing.circle(x: 208, y: 10, radius: 4.5, class: "measured")
        drawing.text("measured: median, rounds, range", x: 228, y: 14, class: "muted")
        drawing.diamond(x: 452, y: 10, radius: 5, class: "predicted")
        drawing.text("predicted", x: 464, y: 14, class: "muted")
        drawing.line(x1: 562, y1: 10, x2: 590, y2: 10, class: "measured-range")
        drawing.line(x1: 562, y1: 6, x2: 562, y2: 14, class: "measured-range")
        drawing.line(x1: 590, y1: 6, x2: 590, y2: 14, class: "measured-range")
        drawing.text("95 % interval", x: 598, y: 14, class: "muted")
        drawing.text("throughput", x: RankingChart.speedLeft, y: 42, class: "strong")
        drawing.text("% of the best", x: RankingChart.ratioLeft, y: 42, class: "strong")
    }

    private func label(
        _ entry: ComparisonReport.Entry, place: Int, y: Double, into drawing: inout SVGDrawing
    ) {
        drawing.text("\(place + 1)", x: 26, y: y + 4, class: "strong number", anchor: .end)
        let names = entry.strategies.joined(separator: ", ")
        drawing.text(
            RankingChart.fitting(entry.strategies, width: RankingChart.speedLeft - 36 - 14), x: 36, y: y - 3,
            class: "ink", tip: names
        )
        let plural = entry.ranks == 1 ? "" : "s"
        drawing.text(
            "\(entry.ranks) rank\(plural), microbatch \(entry.microbatch)", x: 36, y: y + 12, class: "small number")
    }

    private func drawSpeed(
        _ entry: ComparisonReport.Entry, on scale: PictureScale, y: Double, into drawing: inout SVGDrawing
    ) {
        let (low, high) = (entry.rounds.min() ?? entry.itemsPerSecond, entry.rounds.max() ?? entry.itemsPerSecond)
        drawing.line(x1: scale(low), y1: y, x2: scale(high), y2: y, class: "measured-range")
        for round in entry.rounds { drawing.circle(x: scale(round), y: y, radius: 2, class: "measured-faint") }
        drawing.diamond(
            x: scale(entry.predicted.itemsPerSecond), y: y, radius: 5, class: "predicted",
            tip: "predicted: \(Quantity.rate(entry.predicted.itemsPerSecond)) items/s")
        drawing.circle(
            x: scale(entry.itemsPerSecond), y: y, radius: 4.5, class: "measured",
            tip: "measured: \(Quantity.rate(entry.itemsPerSecond)) items/s "
                + "(\(Quantity.rate(low)) .. \(Quantity.rate(high)))")
    }

    private func drawRatio(
        _ entry: ComparisonReport.Entry, place: Int, on scale: PictureScale, y: Double, into drawing: inout SVGDrawing
    ) {
        guard let ratio = entry.ratioToBest else {
            if place == 0 {
                drawing.circle(x: scale(100), y: y, radius: 4.5, class: "measured", tip: "the best")
            } else {
                drawing.text("needs 2 rounds or more", x: scale.start + 4, y: y + 4, class: "small")
            }
            return
        }
        let (left, right) = (max(scale.start, scale(ratio.low * 100)), min(scale.end, scale(ratio.high * 100)))
        drawing.line(x1: left, y1: y, x2: right, y2: y, class: "measured-range")
        // An end that lies outside has no cap.
        for (end, share) in [(left, ratio.low), (right, ratio.high)]
        where share * 100 >= scale.low - 1e-9 && share * 100 <= scale.high + 1e-9 {
            drawing.line(x1: end, y1: y - 5, x2: end, y2: y + 5, class: "measured-range")
        }
        let text =
            "\(Quantity.percent(ratio.low)) .. \(Quantity.percent(ratio.high))\(entry.isTiedWithBest ? ", tied" : "")"
        let width = MarkupText.width(text, size: SVGDrawing.smallTextSize)
        let middle = min(max((left + right) / 2, scale.start + width / 2), Chart.width - 5 - width / 2)
        drawing.rectangle(x: middle - width / 2 - 2, y: y + 7, width: width + 4, height: 11, class: "surface")
        drawing.text(text, x: middle, y: y + 16, class: "small number", anchor: .middle)
    }

    /// As many names as fit, and how many more there are.
    private static func fitting(_ names: [String], width: Double) -> String {
        for count in stride(from: names.count, to: 1, by: -1) {
            let rest = names.count - count
            let text = names.prefix(count).joined(separator: ", ") + (rest > 0 ? " + \(rest)" : "")
            if MarkupText.width(text) <= width { return text }
        }
        let rest = names.count > 1 ? " + \(names.count - 1)" : ""
        return MarkupText.shortened(names.first ?? "", to: width - MarkupText.width(rest)) + rest
    }

    private func summary(_ entries: [ComparisonReport.Entry]) -> String {
        let parts = entries.enumerated().map { place, entry in
            "\(place + 1): \(entry.name), \(Quantity.rate(entry.itemsPerSecond)) items per second measured, "
                + "\(Quantity.rate(entry.predicted.itemsPerSecond)) predicted"
        }
        return "Plans, the fastest first. " + parts.joined(separator: "; ") + "."
    }

    private var caption: String {
        var text =
            "Left: the median over \(report.rounds) round\(report.rounds == 1 ? "" : "s"), each round as a small dot, from "
            + "the slowest to the fastest. Right: throughput in % of the best plan's in the same round, with a 95 % "
            + "confidence interval; one that reaches 100 % leaves open which is faster (tied)."
        if report.entries.count > RankingChart.entryLimit {
            text += " The first \(RankingChart.entryLimit) of \(report.entries.count) are shown; the table has all."
        }
        return text
    }
}
