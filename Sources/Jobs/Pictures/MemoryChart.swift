internal import Planning

/// Memory of each rank's process over time, and what the plan needs of it.
struct MemoryChart {
    private static let rankLimit = 12
    private static let panelHeight = 92.0

    let name: String
    let timeline: Timeline

    /// Nil where no memory was sampled.
    var chart: Chart? {
        let ranks = timeline.ranks.filter { !$0.memory.isEmpty }
        guard !ranks.isEmpty else { return nil }
        let selection = RankSelection(of: ranks.count, limit: MemoryChart.rankLimit)
        let shown = selection.shown.map { ranks[$0] }
        let columns = shown.count == 1 ? 1 : 2
        let rows = (shown.count + columns - 1) / columns
        let pitch = MemoryChart.panelHeight + 52
        var drawing = SVGDrawing(
            name: name, title: "Memory of each rank over time", summary: summary(ranks), width: Chart.width,
            height: 26 + Double(rows) * pitch + 12)
        drawing.line(x1: 66, y1: 9, x2: 92, y2: 9, class: "measured-line")
        drawing.text("resident memory of the process", x: 98, y: 13, class: "muted")
        drawing.line(x1: 310, y1: 9, x2: 336, y2: 9, class: "predicted-line")
        drawing.text("planned: weights, activations, messages", x: 342, y: 13, class: "muted")
        let most = ranks.map { max($0.memory.map(\.byteCount).max() ?? 0, $0.plannedByteCount) }.max() ?? 0
        let end = max(timeline.makespan, ranks.lazy.flatMap(\.memory).map(\.time).max() ?? 0)
        let begin = min(0, ranks.lazy.flatMap(\.memory).map(\.time).min() ?? 0)
        let width = (Chart.width - 66 - 14 - Double(columns - 1) * 70) / Double(columns)
        for (index, rank) in shown.enumerated() {
            let left = 66 + Double(index % columns) * (width + 70)
            let top = 46 + Double(index / columns) * pitch
            let bottom = top + MemoryChart.panelHeight
            let time = PictureScale(from: begin, to: end, at: left, left + width)
            let bytes = PictureScale(
                from: 0, to: PictureScale.roundedUp(Double(most), count: 3), at: bottom, top)
            draw(rank, time, bytes, isLowest: index + columns >= shown.count, into: &drawing)
        }
        return Chart(drawing: drawing, caption: caption(selection))
    }

    private func draw(
        _ rank: Timeline.RankSummary, _ time: PictureScale, _ bytes: PictureScale, isLowest: Bool,
        into drawing: inout SVGDrawing
    ) {
        let peak = rank.memory.map(\.byteCount).max() ?? 0
        drawing.text("rank \(rank.rank)", x: time.start, y: bytes.end - 6, class: "strong")
        drawing.text(
            "peak \(Quantity.bytes(peak)), planned \(Quantity.bytes(rank.plannedByteCount))", x: time.end,
            y: bytes.end - 6, class: "small number", anchor: .end)
        for tick in bytes.ticks(3) {
            let y = bytes(tick)
            drawing.line(x1: time.start, y1: y, x2: time.end, y2: y, class: "grid")
            drawing.text(
                Quantity.bytes(Int(tick)), x: time.start - 6, y: y + 4, class: "small number", anchor: .end)
        }
        // Memory stays as it is until it is looked at again.
        var points = rank.memory.map { (x: time($0.time), y: bytes(Double($0.byteCount))) }
        points.append((x: time(max(rank.elapsed + rank.start, rank.memory.last!.time)), y: points.last!.y))
        let base = MarkupText.number(bytes.start)
        let outline = points.map { "L\(MarkupText.number($0.x)) \(MarkupText.number($0.y))" }.joined()
        drawing.path(
            "M\(MarkupText.number(points[0].x)) \(base)\(outline)L\(MarkupText.number(points.last!.x)) \(base)Z",
            class: "measured-area")
        drawing.polyline(points, class: "measured-line")
        let planned = bytes(Double(rank.plannedByteCount))
        drawing.polyline([(time.start, planned), (time.end, planned)], class: "predicted-line")
        let unit = TimeUnit(upTo: time.high)
        drawing.line(x1: time.start, y1: bytes.start, x2: time.end, y2: bytes.start, class: "axis")
        guard isLowest else { return }
        let scaled = PictureScale(from: time.low / unit.size, to: time.high / unit.size, at: time.start, time.end)
        let ticks = scaled.ticks(time.end - time.start > 400 ? 8 : 4)
        let step = ticks.count > 1 ? ticks[1] - ticks[0] : 1
        for tick in ticks {
            drawing.text(
                PictureScale.label(tick, step: step), x: scaled(tick), y: bytes.start + 15, class: "small number",
                anchor: .middle)
        }
        drawing.text("time (\(unit.name))", x: time.end, y: bytes.start + 31, class: "small", anchor: .end)
    }

    private func summary(_ ranks: [Timeline.RankSummary]) -> String {
        let parts = ranks.prefix(16).map {
            "rank \($0.rank): peak \(Quantity.bytes($0.memory.map(\.byteCount).max() ?? 0)), "
                + "planned \(Quantity.bytes($0.plannedByteCount))"
        }
        return "A curve for each rank. " + parts.joined(separator: "; ") + "."
    }

    private func caption(_ selection: RankSelection) -> String {
        let sentences = [
            "Resident memory of each process while it runs its stage.",
            "What lies above the planned line is the program itself, its libraries (MPI, OpenBLAS), and files that are "
                + "being read.",
        ]
        return (sentences + [selection.note].compactMap(\.self)).joined(separator: " ")
    }
}

extension Timeline.RankSummary {
    /// What the plan said that the rank would need, in bytes.
    var plannedByteCount: Int { plannedWeights + plannedActivations + plannedMessages }
}
