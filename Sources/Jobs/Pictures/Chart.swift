/// A drawing and the sentences under it: what it shows and how to read it.
struct Chart: Sendable {
    let drawing: SVGDrawing
    var caption: String

    /// All charts are so wide, in units of about a pixel: a column of text.
    static let width = 760.0

    /// Of its file, without the ending.
    var name: String { drawing.name }
}

extension SVGDrawing {
    /// Fields of colour with what they stand for, from left to right, in as many rows as they take.
    ///
    /// - Returns: the y of the lower edge.
    mutating func legend(_ items: [(class: String, label: String)], x: Double, y: Double) -> Double {
        var (place, row) = (x, y)
        for item in items {
            let needed = 18 + MarkupText.width(item.label) + 14
            if place + needed > width, place > x { (place, row) = (x, row + 18) }
            rectangle(x: place, y: row, width: 12, height: 12, class: item.class, corner: 2)
            text(item.label, x: place + 18, y: row + 10, class: "muted")
            place += needed
        }
        return row + 12
    }

    /// A horizontal axis with marks, lines upwards, and its title at the right end below.
    mutating func horizontalAxis(
        _ scale: PictureScale, y: Double, gridTo top: Double, title: String, unit: Double = 1, count: Int = 8
    ) {
        let scaled = PictureScale(
            scale.kind, from: scale.low / unit, to: scale.high / unit, at: scale.start, scale.end)
        let ticks = scaled.ticks(count)
        let step = ticks.count > 1 ? ticks[1] - ticks[0] : scaled.high
        for tick in ticks {
            let x = scaled(tick)
            line(x1: x, y1: top, x2: x, y2: y, class: "grid")
            text(PictureScale.label(tick, step: step), x: x, y: y + 15, class: "small number", anchor: .middle)
        }
        line(x1: scale.start, y1: y, x2: scale.end, y2: y, class: "axis")
        text(title, x: scale.end, y: y + 31, class: "small", anchor: .end)
    }
}
