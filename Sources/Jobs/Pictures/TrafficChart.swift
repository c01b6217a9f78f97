internal import Planning

/// What one full microbatch sends from stage to stage.
struct TrafficChart {
    private static let rowLimit = 32
    private static let left = 250.0

    let name: String
    let plan: PartitionPlan

    private struct Row {
        let from: Int
        let to: Int
        var edges: [PartitionPlan.Edge]

        var byteCount: Int { edges.reduce(0) { $0 + $1.byteCount } }
        var isOpen: Bool { edges.contains(where: \.hasHeader) }
    }

    private var rows: [Row] {
        var rows: [Row] = []
        for edge in plan.edges {
            if let index = rows.firstIndex(where: { $0.from == edge.from && $0.to == edge.to }) {
                rows[index].edges.append(edge)
            } else {
                rows.append(Row(from: edge.from, to: edge.to, edges: [edge]))
            }
        }
        return rows
    }

    /// Nil where nothing is sent.
    var chart: Chart? {
        let all = rows
        guard !all.isEmpty else { return nil }
        // Those with the most bytes, in the order of the stages.
        let kept = all.indices.sorted { (all[$1].byteCount, $0) < (all[$0].byteCount, $1) }
            .prefix(TrafficChart.rowLimit).sorted()
        let shown = kept.map { all[$0] }.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
        let rowHeight: Double = shown.count <= 16 ? 20 : 14
        let height = 8 + Double(shown.count) * (rowHeight + 6) + 8
        var drawing = SVGDrawing(
            name: name, title: "Bytes over each cut", summary: summary(all), width: Chart.width, height: height)
        let most = Double(shown.map(\.byteCount).max() ?? 0)
        let scale = PictureScale(from: 0, to: max(1, most), at: TrafficChart.left, Chart.width - 100)
        for (index, row) in shown.enumerated() {
            let y = 8 + Double(index) * (rowHeight + 6)
            draw(row, on: scale, y: y, height: rowHeight, into: &drawing)
        }
        drawing.line(x1: scale.start, y1: 4, x2: scale.start, y2: height - 6, class: "axis")
        return Chart(drawing: drawing, caption: caption(shown.count, of: all.count))
    }

    private func draw(
        _ row: Row, on scale: PictureScale, y: Double, height: Double, into drawing: inout SVGDrawing
    ) {
        let arrow = "\(row.from) → \(row.to)"
        let what = row.edges.count == 1 ? row.edges[0].name : "\(row.edges.count) values"
        let base = y + height / 2 + 4
        drawing.text(arrow, x: TrafficChart.left - 10, y: base, class: "ink number", anchor: .end)
        let room = TrafficChart.left - 10 - MarkupText.width("255 → 255") - 10
        drawing.text(
            MarkupText.shortened(what, to: room, size: SVGDrawing.smallTextSize), x: room, y: base, class: "small",
            anchor: .end, tip: row.edges.map(\.name).joined(separator: ", "))
        var before = 0.0
        for edge in row.edges where edge.byteCount > 0 {
            let (left, right) = (scale(before), scale(before + Double(edge.byteCount)))
            before += Double(edge.byteCount)
            let seam = right - left > 3 ? 1.0 : 0
            drawing.rectangle(
                x: left, y: y, width: max(0.6, right - left - seam), height: height,
                class: "stage\(row.from % PictureTheme.stageCount)",
                tip: "\(edge.name): \(Quantity.bytes(edge.byteCount))")
        }
        let bytes = Quantity.bytes(row.byteCount)
        let text = row.isOpen ? (row.byteCount > 0 ? "≥ \(bytes)" : "depends on data") : bytes
        drawing.text(text, x: scale(before) + 6, y: base, class: "ink number")
    }

    private func summary(_ rows: [Row]) -> String {
        let parts = rows.prefix(32).map { "stage \($0.from) to \($0.to): \(Quantity.bytes($0.byteCount))" }
        return "Bars, one for each pair of stages. " + parts.joined(separator: "; ") + "."
    }

    private func caption(_ shown: Int, of count: Int) -> String {
        var text =
            "What one full microbatch sends from stage to stage, \(Quantity.bytes(plan.trafficByteCount)) in all, in the "
            + "sender's colour; each value that is sent is a piece of its bar."
        if shown < count { text += " The \(shown) largest of \(count) are shown." }
        return text
    }
}
