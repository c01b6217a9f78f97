internal import Planning

/// What each rank did when: predicted above measured, on one axis of time.
struct TimelineChart {
    /// Ranks are shown up to this number, and a selection of more.
    private static let rankLimit = 64
    /// Blocks that have a tip of their own.
    private static let tipLimit = 1000
    private static let left = 66.0

    let name: String
    let title: String
    let predicted: Timeline?
    let measured: Timeline?
    /// Microbatches of the job; a long job is predicted in part.
    let microbatches: Int
    /// Seconds that are shown; all when nil.
    var window: ClosedRange<Double>?

    private var panels: [(title: String, timeline: Timeline)] {
        var panels: [(String, Timeline)] = []
        if let predicted, predicted.hasSpans {
            let count = predicted.microbatchesNoted
            let part = count < microbatches ? ", the first \(count) of \(microbatches) microbatches" : ""
            panels.append(("predicted: \(Quantity.seconds(predicted.makespan))\(part)", predicted))
        }
        if let measured, measured.hasSpans {
            let count = measured.microbatchesNoted
            let part = count < microbatches ? ", the first \(count) of \(microbatches) microbatches noted" : ""
            panels.append(("measured: \(Quantity.seconds(measured.lastEnd))\(part)", measured))
        }
        return panels
    }

    /// Nil where nothing was noted.
    var chart: Chart? {
        let panels = panels
        guard let count = panels.map(\.timeline.ranks.count).max(), count > 0 else { return nil }
        let end = panels.flatMap { [$0.timeline.makespan, $0.timeline.lastEnd] }.filter(\.isFinite).max() ?? 0
        let shown = window ?? 0...max(end, 1e-9)
        let selection = RankSelection(of: count, limit: TimelineChart.rankLimit)
        let rows = selection.shown.count
        let rowHeight: Double = rows <= 8 ? 24 : rows <= 16 ? 18 : rows <= 32 ? 11 : 7
        let gap: Double = rows <= 16 ? 3 : 1
        let panelHeight = Double(rows) * (rowHeight + gap)
        let height = 24 + Double(panels.count) * (panelHeight + 30) + 40
        var drawing = SVGDrawing(name: name, title: title, summary: summary(count), width: Chart.width, height: height)
        var kinds: [TimeKind] = [.compute, .inputOutput, .communication, .bubble]
        if panels.contains(where: { $0.timeline.ranks.contains { $0.spans.contains { $0.activity == .compile } } }) {
            kinds.append(.load)
        }
        let legend = kinds.map { ($0.rawValue, $0 == .bubble ? "idle (bubble, imbalance)" : $0.label) }
        var y = drawing.legend(legend, x: TimelineChart.left, y: 2) + 10
        let scale = PictureScale(
            from: shown.lowerBound, to: shown.upperBound, at: TimelineChart.left, Chart.width - 14)
        let unit = TimeUnit(upTo: shown.upperBound)
        let bottom = height - 40
        drawing.horizontalAxis(scale, y: bottom, gridTo: y + 18, title: "time (\(unit.name))", unit: unit.size)
        for panel in panels {
            drawing.text(panel.title, x: TimelineChart.left, y: y + 14, class: "strong")
            y += 22
            draw(panel.timeline, selection, on: scale, y: y, row: rowHeight, gap: gap, into: &drawing)
            y += panelHeight + 8
        }
        return Chart(drawing: drawing, caption: caption(selection))
    }

    private func draw(
        _ timeline: Timeline, _ selection: RankSelection, on scale: PictureScale, y top: Double, row height: Double,
        gap: Double, into drawing: inout SVGDrawing
    ) {
        let pixel = (scale.high - scale.low) / (scale.end - scale.start)
        let spans = timeline.spansWithTransfers()
        let rows = selection.shown.map { rank in
            TimelineRow(rank < spans.count ? spans[rank] : [], window: scale.low...scale.high, pixel: pixel)
        }
        let hasTips = rows.reduce(0) { $0 + $1.blocks.count } <= TimelineChart.tipLimit
        let every = max(1, Int((14 / (height + gap)).rounded(.up)))
        var paths = TimelinePaths(scale: scale, height: height, hasTips: hasTips)
        for (index, row) in rows.enumerated() {
            let y = top + Double(index) * (height + gap)
            if index % every == 0 {
                drawing.text(
                    "rank \(selection.shown[index])", x: scale.start - 8, y: y + height / 2 + 4, class: "small number",
                    anchor: .end)
            }
            drawing.rectangle(x: scale.start, y: y, width: scale.end - scale.start, height: height, class: "row")
            paths.add(row, y: y)
        }
        paths.draw(into: &drawing)
    }

    private func summary(_ rankCount: Int) -> String {
        let parts = panels.map(\.title).joined(separator: "; ")
        return "What \(rankCount) rank\(rankCount == 1 ? "" : "s") did over time, a row for each rank. \(parts)."
    }

    private func caption(_ selection: RankSelection) -> String {
        if window != nil {
            let text = "The same on a longer axis: the time that the first microbatches take through the pipeline."
            return ([text] + [selection.note].compactMap(\.self)).joined(separator: " ")
        }
        var sentences = [
            "Each row is a rank; a block is one microbatch, shaded by turns, with its number where there is room.",
            "Where blocks are too narrow to be drawn, the heights of the colours are shares of the time.",
            "What the progress of messages takes between the kernels of a microbatch is inside its block; the breakdown "
                + "counts it as communication.",
        ]
        if let note = selection.note { sentences.append(note) }
        return sentences.joined(separator: " ")
    }
}

extension Timeline {
    var hasSpans: Bool { ranks.contains { !$0.spans.isEmpty } }

    /// Of what was noted, in seconds.
    var lastEnd: Double { ranks.lazy.compactMap { $0.spans.lazy.map(\.end).filter(\.isFinite).max() }.max() ?? 0 }

    /// Microbatches that every rank has noted the computing of.
    var microbatchesNoted: Int {
        ranks.map { ($0.spans.lazy.filter { $0.activity == .compute }.map(\.microbatch).max() ?? -1) + 1 }.min() ?? 0
    }

    /// The time that the first microbatches take through the pipeline, where all of them are too many to be seen.
    func beginning(microbatches: Int) -> ClosedRange<Double>? {
        guard microbatchesNoted > max(40, 3 * microbatches) else { return nil }
        let end =
            ranks.lazy.compactMap { rank in
                rank.spans.lazy.filter { $0.activity == .compute && $0.microbatch < microbatches }.map(\.end).max()
            }.max() ?? 0
        return end > 0 && end < lastEnd / 2 ? 0...end : nil
    }
}
