/// Throughput over the number of ranks, with the line of ideal scaling.
struct ScalingChart {
    private static let left = 76.0
    private static let right = Chart.width - 150
    private static let top = 40.0
    private static let bottom = 340.0

    let name: String
    let report: ComparisonReport

    /// The best of each number of ranks, by ranks.
    private var best: [ComparisonReport.Entry] {
        var best: [Int: ComparisonReport.Entry] = [:]
        for entry in report.entries
        where entry.itemsPerSecond.isFinite && entry.itemsPerSecond > best[entry.ranks]?.itemsPerSecond ?? 0 {
            best[entry.ranks] = entry
        }
        return best.values.sorted { $0.ranks < $1.ranks }
    }

    /// Nil where there are not several numbers of ranks.
    var chart: Chart? {
        let best = best
        guard let first = best.first, let last = best.last, last.ranks > first.ranks else { return nil }
        var drawing = SVGDrawing(
            name: name, title: "Throughput over ranks", summary: summary(best), width: Chart.width,
            height: ScalingChart.bottom + 40)
        let ideal = first.itemsPerSecond / Double(first.ranks)
        let (ranks, speed) = scales(best, ideal: ideal)
        drawAxes(ranks, speed, best, into: &drawing)
        let ends = [first.ranks, last.ranks].map { (x: ranks(Double($0)), y: speed(ideal * Double($0))) }
        // Straight on both kinds of axes.
        drawing.polyline(ends, class: "ideal-line")
        drawing.polyline(
            best.map { (ranks(Double($0.ranks)), speed($0.predicted.itemsPerSecond)) }, class: "predicted-line")
        drawing.polyline(best.map { (ranks(Double($0.ranks)), speed($0.itemsPerSecond)) }, class: "measured-line")
        for entry in report.entries {
            let x = ranks(Double(entry.ranks))
            drawing.circle(x: x, y: speed(entry.itemsPerSecond), radius: 2.5, class: "other", tip: entry.name)
        }
        for entry in best {
            let x = ranks(Double(entry.ranks))
            drawing.diamond(x: x, y: speed(entry.predicted.itemsPerSecond), radius: 5, class: "predicted")
            if let low = entry.rounds.min(), let high = entry.rounds.max(), low > 0 {
                drawing.line(x1: x, y1: speed(low), x2: x, y2: speed(high), class: "measured-range")
            }
            drawing.circle(
                x: x, y: speed(entry.itemsPerSecond), radius: 4.5, class: "measured",
                tip: "\(entry.name): \(Quantity.rate(entry.itemsPerSecond)) items/s")
        }
        labelLines(ends, ranks, speed, last, into: &drawing)
        return Chart(drawing: drawing, caption: caption(first))
    }

    /// Logarithmic where ranks span much: there each doubling has the same length.
    private func scales(
        _ best: [ComparisonReport.Entry], ideal: Double
    ) -> (ranks: PictureScale, speed: PictureScale) {
        let (low, high) = (Double(best.first!.ranks), Double(best.last!.ranks))
        let speeds =
            report.entries.map(\.itemsPerSecond) + best.flatMap { $0.rounds + [$0.predicted.itemsPerSecond] }
            + [ideal * high, ideal * low]
        let most = speeds.filter(\.isFinite).max() ?? 0
        let least = speeds.filter { $0 > 0 && $0.isFinite }.min() ?? 0
        guard high / low > 16 else {
            let margin = (high - low) * 0.06
            return (
                PictureScale(from: low - margin, to: high + margin, at: ScalingChart.left, ScalingChart.right),
                PictureScale(
                    from: 0, to: PictureScale.roundedUp(most), at: ScalingChart.bottom, ScalingChart.top)
            )
        }
        return (
            PictureScale(.logarithmic, from: low / 1.1, to: high * 1.1, at: ScalingChart.left, ScalingChart.right),
            PictureScale(
                .logarithmic, from: least / 1.2, to: most * 1.2, at: ScalingChart.bottom, ScalingChart.top)
        )
    }

    private func drawAxes(
        _ ranks: PictureScale, _ speed: PictureScale, _ best: [ComparisonReport.Entry], into drawing: inout SVGDrawing
    ) {
        let ticks = speed.kind == .linear ? speed.ticks(5) : ScalingChart.decades(speed)
        let step = speed.kind == .linear && ticks.count > 1 ? ticks[1] - ticks[0] : ticks.first ?? 1
        for tick in ticks {
            let y = speed(tick)
            drawing.line(x1: ranks.start, y1: y, x2: ranks.end, y2: y, class: "grid")
            drawing.text(
                PictureScale.label(tick, step: min(step, tick > 0 ? tick : step)), x: ranks.start - 8, y: y + 4,
                class: "small number", anchor: .end)
        }
        drawing.line(x1: ranks.start, y1: speed.start, x2: ranks.end, y2: speed.start, class: "axis")
        drawing.text("items per second", x: 8, y: 16, class: "small")
        drawing.text("ranks", x: ranks.end, y: speed.start + 33, class: "small", anchor: .end)
        var free = -1.0
        for entry in best {
            let x = ranks(Double(entry.ranks))
            drawing.line(x1: x, y1: speed.start, x2: x, y2: speed.start + 4, class: "axis")
            let half = MarkupText.width("\(entry.ranks)", size: SVGDrawing.smallTextSize) / 2
            guard x - half >= free else { continue }
            drawing.text("\(entry.ranks)", x: x, y: speed.start + 17, class: "small number", anchor: .middle)
            free = x + half + 4
        }
    }

    /// 1, 2 and 5 times the powers of ten on an axis; 1 only where there are many.
    private static func decades(_ scale: PictureScale) -> [Double] {
        var power = 1.0
        while power > scale.low { power /= 10 }
        while power * 10 <= scale.low { power *= 10 }
        var marks: [Double] = []
        while power <= scale.high {
            marks += (scale.high / scale.low > 1000 ? [1] : [1, 2, 5]).map { $0 * power }
            power *= 10
        }
        return marks.filter { $0 >= scale.low && $0 <= scale.high }
    }

    /// Next to the ends of the lines, moved apart where these lie close.
    private func labelLines(
        _ ideal: [(x: Double, y: Double)], _ ranks: PictureScale, _ speed: PictureScale,
        _ last: ComparisonReport.Entry, into drawing: inout SVGDrawing
    ) {
        var labels = [
            ("ideal", ideal[1].y), ("measured", speed(last.itemsPerSecond)),
            ("predicted", speed(last.predicted.itemsPerSecond)),
        ].sorted { $0.1 < $1.1 }
        for index in labels.indices.dropFirst() {
            labels[index].1 = max(labels[index].1, labels[index - 1].1 + 15)
        }
        let over = max(0, labels.last!.1 - ScalingChart.bottom)
        for (text, y) in labels { drawing.text(text, x: ranks.end + 10, y: y - over + 4, class: "muted") }
    }

    private func summary(_ best: [ComparisonReport.Entry]) -> String {
        let parts = best.map {
            "\($0.ranks) rank\($0.ranks == 1 ? "" : "s"): \(Quantity.rate($0.itemsPerSecond)) items per second"
        }
        return "Lines over the number of ranks. " + parts.joined(separator: "; ") + "."
    }

    private func caption(_ first: ComparisonReport.Entry) -> String {
        "The best plan of each number of ranks; bars reach from the slowest to the fastest round, grey dots are the other "
            + "plans. The ideal line begins at \(first.ranks) rank\(first.ranks == 1 ? "" : "s"): twice the ranks, "
            + "twice the throughput."
    }
}
