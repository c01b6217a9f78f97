/// The rows of a timeline gathered into as few elements as possible: one for each colour, except for what has a tip.
///
/// Patterns in particular are costly to print each time they are used.
struct TimelinePaths {
    private struct Label {
        let text: String
        let x: Double
        let y: Double
        let name: String
    }

    private struct Tipped {
        let block: TimelineRow.Block
        let y: Double
    }

    let scale: PictureScale
    let height: Double
    /// Whether blocks say what they are when they are pointed at.
    let hasTips: Bool

    private var steps: [TimeKind: String] = [:]
    private var blocks: [String: String] = [:]
    private var tipped: [Tipped] = []
    private var labels: [Label] = []

    /// The work at the bottom.
    private static let order: [TimeKind] = [.compute, .inputOutput, .load, .communication, .imbalance, .bubble]

    init(scale: PictureScale, height: Double, hasTips: Bool) {
        self.scale = scale
        self.height = height
        self.hasTips = hasTips
    }

    mutating func add(_ row: TimelineRow, y: Double) {
        for step in row.steps { add(step, y: y) }
        for block in row.blocks { add(block, y: y) }
    }

    /// Shares are stacked.
    private mutating func add(_ step: TimelineRow.Step, y: Double) {
        let (left, right) = (scale(step.start), min(scale.end, scale(step.end)))
        var base = y + height
        for kind in TimelinePaths.order {
            guard let share = step.shares[kind] else { continue }
            let top = max(y, base - share * height)
            steps[kind, default: ""] +=
                "M\(MarkupText.number(left)) \(MarkupText.number(base))V\(MarkupText.number(top))"
                + "H\(MarkupText.number(right))V\(MarkupText.number(base))Z"
            base = top
        }
    }

    private mutating func add(_ block: TimelineRow.Block, y: Double) {
        let name = TimelinePaths.colour(block)
        if hasTips, !block.kind.isHatched {
            tipped.append(Tipped(block: block, y: y))
        } else {
            let (left, width) = extent(block)
            blocks[name, default: ""] +=
                "M\(MarkupText.number(left)) \(MarkupText.number(y))h\(MarkupText.number(width))"
                + "v\(MarkupText.number(height))h\(MarkupText.number(-width))Z"
        }
        guard height >= 16, block.kind == .compute else { return }
        let label = String(block.microbatch)
        let (left, width) = extent(block)
        guard width >= MarkupText.width(label) + 6 else { return }
        labels.append(
            Label(text: label, x: left + width / 2, y: y + height / 2 + 4, name: "on-\(name) number"))
    }

    /// With a thin gap between neighbours, where they are wide enough for one.
    private func extent(_ block: TimelineRow.Block) -> (left: Double, width: Double) {
        let (left, right) = (scale(block.start), scale(block.end))
        return (left, right - left - (right - left > 4 ? 0.6 : 0))
    }

    /// Microbatches are shaded alternately.
    private static func colour(_ block: TimelineRow.Block) -> String {
        block.kind == .compute && !block.microbatch.isMultiple(of: 2) ? "compute-odd" : block.kind.rawValue
    }

    func draw(into drawing: inout SVGDrawing) {
        for kind in TimelinePaths.order { drawing.path(steps[kind] ?? "", class: kind.rawValue) }
        for (name, data) in blocks.sorted(by: { $0.key < $1.key }) { drawing.path(data, class: name) }
        for item in tipped {
            let (left, width) = extent(item.block)
            drawing.rectangle(
                x: left, y: item.y, width: width, height: height, class: TimelinePaths.colour(item.block),
                tip: "\(item.block.kind.label), microbatch \(item.block.microbatch): "
                    + Quantity.seconds(item.block.end - item.block.start))
        }
        for label in labels { drawing.text(label.text, x: label.x, y: label.y, class: label.name, anchor: .middle) }
    }
}
