internal import Planning

/// Where each rank's time went, as shares that add up to 100 %.
struct BreakdownChart {
    private static let rankLimit = 48
    private static let left = 66.0

    let name: String
    let breakdown: TimeBreakdown

    /// Nil where no time passed.
    var chart: Chart? {
        guard breakdown.total > 0, !breakdown.ranks.isEmpty else { return nil }
        let selection = RankSelection(of: breakdown.ranks.count, limit: BreakdownChart.rankLimit)
        let rowHeight: Double = selection.shown.count <= 16 ? 20 : 11
        let gap: Double = selection.shown.count <= 16 ? 5 : 2
        let height = 34 + Double(selection.shown.count) * (rowHeight + gap) + 38
        var drawing = SVGDrawing(
            name: name, title: "Where the time of each rank went", summary: summary, width: Chart.width, height: height)
        let legend = TimeKind.allCases.map { ($0.rawValue, $0.label) }
        let top = drawing.legend(legend, x: BreakdownChart.left, y: 2) + 14
        let scale = PictureScale(from: 0, to: 100, at: BreakdownChart.left, Chart.width - 22)
        let bottom = top + Double(selection.shown.count) * (rowHeight + gap)
        drawing.horizontalAxis(
            scale, y: bottom, gridTo: top - 4, title: "share of \(Quantity.seconds(breakdown.total)) (%)", count: 10)
        drawHatched(selection, on: scale, y: top, pitch: rowHeight + gap, height: rowHeight, into: &drawing)
        for (index, rank) in selection.shown.enumerated() {
            let y = top + Double(index) * (rowHeight + gap)
            if index.isMultiple(of: rowHeight + gap < 14 ? 2 : 1) {
                drawing.text(
                    "rank \(breakdown.ranks[rank].rank)", x: scale.start - 8, y: y + rowHeight / 2 + 4,
                    class: "small number", anchor: .end)
            }
            draw(breakdown.ranks[rank], on: scale, y: y, height: rowHeight, into: &drawing)
        }
        return Chart(drawing: drawing, caption: caption(selection))
    }

    private func draw(
        _ rank: TimeBreakdown.Rank, on scale: PictureScale, y: Double, height: Double, into drawing: inout SVGDrawing
    ) {
        for (kind, extent) in segments(rank, on: scale) {
            let (left, right) = (extent.lowerBound, extent.upperBound)
            let label = Quantity.percent(kind.seconds(of: rank) / breakdown.total)
            if !kind.isHatched {
                drawing.rectangle(
                    x: left, y: y, width: right - left, height: height, class: kind.rawValue,
                    tip: "\(kind.label): \(label)")
            }
            guard height >= 16, right - left > MarkupText.width(label, size: SVGDrawing.smallTextSize) + 8 else {
                continue
            }
            let middle = (left + right) / 2
            // Letters on a hatched area need a plain background.
            if kind.isHatched {
                let room = MarkupText.width(label, size: SVGDrawing.smallTextSize) + 4
                drawing.rectangle(
                    x: middle - room / 2, y: y + 3, width: room, height: height - 6, class: "\(kind.rawValue)-plain",
                    corner: 2)
            }
            drawing.text(
                label, x: middle, y: y + height / 2 + 4, class: "on-\(kind.rawValue) tiny number", anchor: .middle)
        }
    }

    /// One element for each pattern: they are costly to print.
    private func drawHatched(
        _ selection: RankSelection, on scale: PictureScale, y top: Double, pitch: Double, height: Double,
        into drawing: inout SVGDrawing
    ) {
        var paths: [TimeKind: String] = [:]
        for (index, rank) in selection.shown.enumerated() {
            let y = MarkupText.number(top + Double(index) * pitch)
            for (kind, extent) in segments(breakdown.ranks[rank], on: scale) where kind.isHatched {
                let (left, right) = (MarkupText.number(extent.lowerBound), MarkupText.number(extent.upperBound))
                paths[kind, default: ""] += "M\(left) \(y)H\(right)v\(MarkupText.number(height))H\(left)Z"
            }
        }
        for kind in TimeKind.allCases { drawing.path(paths[kind] ?? "", class: kind.rawValue) }
    }

    /// Where each part of a rank's bar lies, from left to right.
    private func segments(
        _ rank: TimeBreakdown.Rank, on scale: PictureScale
    ) -> [(kind: TimeKind, extent: ClosedRange<Double>)] {
        var before = 0.0
        return TimeKind.allCases.compactMap { kind in
            let percent = kind.seconds(of: rank) / breakdown.total * 100
            guard percent.isFinite, percent > 0, before < 100 else { return nil }
            defer { before += percent }
            return (kind, scale(before)...scale(min(100, before + percent)))
        }
    }

    private var summary: String {
        let parts = breakdown.ranks.prefix(16).map { rank in
            let shares = TimeKind.allCases.map {
                "\($0.label) \(Quantity.percent($0.seconds(of: rank) / breakdown.total))"
            }
            return "rank \(rank.rank): \(shares.joined(separator: ", "))"
        }
        return "Stacked bars, one for each rank. " + parts.joined(separator: "; ") + "."
    }

    private func caption(_ selection: RankSelection) -> String {
        let sentences = [
            "From the beginning of loading to the end of the last rank.",
            "Communication is what no computing hides; imbalance is idle time of ranks that have less to do than the "
                + "busiest; bubble is idle time while the pipeline fills, drains, or waits.",
        ]
        return (sentences + [selection.note].compactMap(\.self)).joined(separator: " ")
    }
}
