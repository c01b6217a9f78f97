internal import Planning

/// The layers side by side, as wide as they take long, coloured by stage; below, what would cross a cut at each place.
struct LayersChart {
    private static let left = 66.0
    private static let right = Chart.width - 14
    private static let barTop = 30.0
    private static let barHeight = 116.0
    /// Cuts that are drawn as lines over the whole height; more are marks above the bar.
    private static let cutLimit = 40

    let name: String
    let figures: LayerFigures
    let plan: PartitionPlan

    /// Nil where no layer costs anything, or the plan is of other layers.
    var chart: Chart? {
        let total = figures.layers.reduce(0) { $0 + $1.seconds }
        guard total > 0, total.isFinite, plan.stages.reduce(0, { $0 + $1.nodes.count }) == figures.layers.count else {
            return nil
        }
        var starts = [0.0]
        for layer in figures.layers { starts.append(starts.last! + layer.seconds) }
        let scale = PictureScale(from: 0, to: starts.last!, at: LayersChart.left, LayersChart.right)
        let hasCrossings = figures.layers.contains { $0.cutByteCount > 0 }
        let bottom = LayersChart.barTop + LayersChart.barHeight + (hasCrossings ? 128 : 8)
        var drawing = SVGDrawing(
            name: name, title: "Layers and stages", summary: summary, width: Chart.width, height: bottom + 40)
        let unit = TimeUnit(upTo: total)
        drawing.horizontalAxis(
            scale, y: bottom, gridTo: LayersChart.barTop + LayersChart.barHeight,
            title: isMeasured
                ? "measured time of a microbatch of \(plan.microbatchSize) (\(unit.name))"
                : "operations of a microbatch of \(plan.microbatchSize), as time at the rank's speed (\(unit.name))",
            unit: unit.size)
        drawStages(starts, scale, total: total, into: &drawing)
        if hasCrossings { drawCrossings(starts, scale, bottom: bottom, into: &drawing) }
        drawCuts(starts, scale, bottom: bottom, into: &drawing)
        return Chart(drawing: drawing, caption: caption)
    }

    private var isMeasured: Bool { figures.origin == .measured }

    /// The first layer of each stage, and behind the last.
    private var boundaries: [Int] { plan.stages.reduce(into: [0]) { $0.append($0.last! + $1.nodes.count) } }

    private func drawStages(
        _ starts: [Double], _ scale: PictureScale, total: Double, into drawing: inout SVGDrawing
    ) {
        let (top, height) = (LayersChart.barTop, LayersChart.barHeight)
        var seams = ""
        for (stage, first) in zip(plan.layeredStages, boundaries) {
            let layers = first..<first + stage.nodes.count
            let (left, right) = (scale(starts[layers.lowerBound]), scale(starts[layers.upperBound]))
            let share = (starts[layers.upperBound] - starts[layers.lowerBound]) / total
            let colour = "stage\(stage.index % PictureTheme.stageCount)"
            drawing.rectangle(
                x: left, y: top, width: right - left, height: height, class: colour,
                tip:
                    "stage \(stage.index) on rank \(stage.rankList): \(layers.count) layers, \(Quantity.percent(share))"
            )
            label(stage, share: share, from: left, to: right, into: &drawing)
            for layer in layers {
                let (begin, end) = (scale(starts[layer]), scale(starts[layer + 1]))
                if layer > first, end - begin >= 2.5 {
                    seams += "M\(MarkupText.number(begin)) \(MarkupText.number(top))v\(MarkupText.number(height))"
                }
                guard end - begin >= 15 else { continue }
                let item = figures.layers[layer]
                drawing.text(
                    MarkupText.shortened(item.name, to: height - 10, size: SVGDrawing.smallTextSize),
                    x: (begin + end) / 2 + 4, y: top + height - 5, class: "on-\(colour) tiny", turned: true,
                    tip: "\(item.name) (\(item.operatorName)): \(Quantity.seconds(item.seconds)), "
                        + Quantity.flops(item.flops))
            }
        }
        drawing.path(seams, class: "seam")
    }

    /// As much of it as there is room for.
    private func label(
        _ stage: PartitionPlan.Stage, share: Double, from left: Double, to right: Double,
        into drawing: inout SVGDrawing
    ) {
        let percent = Quantity.percent(share)
        let texts = [
            "stage \(stage.index), rank \(stage.rankList): \(percent)", "stage \(stage.index): \(percent)",
            "\(stage.index): \(percent)", "\(stage.index)",
        ]
        let room = right - left - 4
        guard let text = texts.first(where: { MarkupText.width($0) <= room }) else { return }
        drawing.text(
            text, x: (left + right) / 2, y: LayersChart.barTop - 8, class: "ink number", anchor: .middle)
    }

    /// Bars at the places where a cut could be; an outline where they are too many.
    private func drawCrossings(
        _ starts: [Double], _ scale: PictureScale, bottom: Double, into drawing: inout SVGDrawing
    ) {
        let top = LayersChart.barTop + LayersChart.barHeight + 30
        let most = figures.layers.map(\.cutByteCount).max() ?? 0
        let heights = PictureScale(from: 0, to: most, at: bottom, top)
        for (line, text) in ["bytes", "over a", "cut here"].enumerated() {
            drawing.text(
                text, x: LayersChart.left - 8, y: top + 2 + 14 * Double(line), class: "small", anchor: .end)
        }
        // Of places closer than a unit of the drawing the highest is drawn.
        var highest: [Int: Double] = [:]
        for layer in figures.layers.indices.dropFirst() {
            highest[Int(scale(starts[layer]).rounded()), default: 0] = max(
                highest[Int(scale(starts[layer]).rounded())] ?? 0, figures.layers[layer].cutByteCount)
        }
        let cuts = Set(boundaries.dropFirst().dropLast().map { Int(scale(starts[$0]).rounded()) })
        var data = [false: "", true: ""]
        for (x, bytes) in highest.sorted(by: { $0.key < $1.key }) where bytes > 0 {
            data[cuts.contains(x), default: ""] +=
                "M\(MarkupText.number(Double(x) - 1)) \(MarkupText.number(bottom))V\(MarkupText.number(heights(bytes)))"
                + "h2V\(MarkupText.number(bottom))Z"
        }
        drawing.path(data[false]!, class: "crossing")
        drawing.path(data[true]!, class: "ink")
    }

    private func drawCuts(
        _ starts: [Double], _ scale: PictureScale, bottom: Double, into drawing: inout SVGDrawing
    ) {
        let y = LayersChart.barTop + LayersChart.barHeight + 16
        var free = LayersChart.left
        let cuts = boundaries.dropFirst().dropLast()
        // Many lines would hide what they go through.
        let end = cuts.count <= LayersChart.cutLimit ? bottom : LayersChart.barTop
        for layer in cuts {
            let x = scale(starts[layer])
            drawing.line(x1: x, y1: LayersChart.barTop - 4, x2: x, y2: end, class: "cut")
            let bytes = figures.layers[layer].cutByteCount
            guard bytes > 0 else { continue }
            let text = Quantity.bytes(Int(min(bytes, 1e18)))
            let width = MarkupText.width(text, size: SVGDrawing.smallTextSize)
            // To the right of its cut, or to the left of it at the edge; none where there is no room.
            let begin = x + 4 + width <= LayersChart.right ? x + 4 : x - 4 - width
            guard begin >= free else { continue }
            drawing.rectangle(x: begin - 2, y: y - 10, width: width + 4, height: 13, class: "surface")
            drawing.text(text, x: begin, y: y, class: "small number")
            free = begin + width + 8
        }
    }

    private var summary: String {
        let total = figures.layers.reduce(0) { $0 + $1.seconds }
        var first = 0
        let stages = plan.layeredStages.prefix(32).map { stage -> String in
            let seconds = figures.layers[first..<first + stage.nodes.count].reduce(0) { $0 + $1.seconds }
            first += stage.nodes.count
            return "stage \(stage.index) on rank \(stage.rankList) has \(stage.nodes.count) layers and "
                + "\(Quantity.percent(total > 0 ? seconds / total : 0)) of the time"
        }
        return "\(figures.layers.count) layers as a bar, cut into \(plan.layeredStages.count) stages: "
            + stages.joined(separator: "; ") + "."
    }

    private var caption: String {
        "Layers in the order they run, as wide as "
            + (isMeasured ? "they were measured to take" : "they have operations")
            + ", coloured by stage; the shares are "
            + "those of the stages. The bars below are what one full microbatch would send over a cut at that place; the strong bars "
            + "and dashed lines are the cuts of this plan."
    }
}
