/// A picture as SVG, put together element by element. Colours come from classes (`PictureTheme`), so that one drawing is
/// right in light, in dark and on paper.
struct SVGDrawing: Sendable {
    enum Anchor: String { case start, middle, end }

    /// Sizes of text, in units of the drawing.
    static let textSize = 12.0
    static let smallTextSize = 11.0

    /// Begins the names of what is defined inside; unique on a page.
    let name: String
    let title: String
    /// What the picture shows, for those who do not see it.
    let summary: String
    let width: Double
    var height: Double

    private var body = ""
    private var hatches: [TimeKind] = []

    init(name: String, title: String, summary: String, width: Double, height: Double) {
        self.name = name
        self.title = title
        self.summary = summary
        self.width = width
        self.height = height
    }

    // MARK: Elements

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, class name: String, corner: Double = 0, tip: String? = nil
    ) {
        guard width > 0, height > 0 else { return }
        let corners = corner > 0 ? " rx=\"\(number(corner))\"" : ""
        close(
            "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(max(0.01, width)))\""
                + " height=\"\(number(max(0.01, height)))\"\(corners)\(fill(name))", "rect", tip)
    }

    mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, class name: String) {
        body +=
            "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\""
            + " class=\"\(name)\"/>\n"
    }

    mutating func path(_ data: String, class name: String) {
        guard !data.isEmpty else { return }
        body += "<path d=\"\(data)\"\(fill(name))/>\n"
    }

    mutating func polyline(_ points: [(x: Double, y: Double)], class name: String) {
        guard points.count > 1 else { return }
        let list = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
        body += "<polyline points=\"\(list)\" class=\"\(name)\"/>\n"
    }

    mutating func circle(x: Double, y: Double, radius: Double, class name: String, tip: String? = nil) {
        close(
            "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" class=\"\(name)\"", "circle", tip)
    }

    /// A square on its corner.
    mutating func diamond(x: Double, y: Double, radius: Double, class name: String, tip: String? = nil) {
        let (left, right, top, bottom) = (
            number(x - radius), number(x + radius), number(y - radius), number(y + radius)
        )
        close(
            "<path d=\"M\(left) \(number(y))L\(number(x)) \(top)L\(right) \(number(y))L\(number(x)) \(bottom)Z\""
                + " class=\"\(name)\"", "path", tip)
    }

    /// - Parameters:
    ///   - y: of the baseline of the letters.
    ///   - turned: upwards, around the point.
    mutating func text(
        _ text: String, x: Double, y: Double, class name: String = "ink", anchor: Anchor = .start, turned: Bool = false,
        tip: String? = nil
    ) {
        guard !text.isEmpty else { return }
        let turn = turned ? " transform=\"rotate(-90 \(number(x)) \(number(y)))\"" : ""
        let place = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        let hint = tip.map { "<title>\(MarkupText.escaped($0))</title>" } ?? ""
        body +=
            "<text x=\"\(number(x))\" y=\"\(number(y))\" class=\"\(name)\"\(place)\(turn)>\(MarkupText.escaped(text))"
            + "\(hint)</text>\n"
    }

    private mutating func close(_ start: String, _ element: String, _ tip: String?) {
        body += start + (tip.map { "><title>\(MarkupText.escaped($0))</title></\(element)>\n" } ?? "/>\n")
    }

    /// The attribute that colours a surface. Patterns are named with the drawing, since names hold for a whole page.
    private mutating func fill(_ name: String) -> String {
        guard let kind = TimeKind.allCases.first(where: { $0.rawValue == name }), kind.isHatched else {
            return " class=\"\(name)\""
        }
        if !hatches.contains(kind) { hatches.append(kind) }
        return " fill=\"url(#\(self.name)-\(kind.rawValue))\""
    }

    private func number(_ value: Double) -> String { MarkupText.number(value) }

    // MARK: Text

    /// As a part of a page, whose style sheet has the classes.
    var inline: String { element(attributes: " class=\"chart\"", style: "") }

    /// As a file of its own: light, on a transparent ground, at its natural size.
    var file: String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + element(
                attributes:
                    " xmlns=\"http://www.w3.org/2000/svg\" width=\"\(number(width))\" height=\"\(number(height))\"",
                style: "<style>\n\(PictureTheme.light.rules)</style>\n")
    }

    private func element(attributes: String, style: String) -> String {
        """
        <svg\(attributes) viewBox="0 0 \(number(width)) \(number(height))" role="img" \
        aria-labelledby="\(name)-title \(name)-summary">
        <title id="\(name)-title">\(MarkupText.escaped(title))</title>
        <desc id="\(name)-summary">\(MarkupText.escaped(summary))</desc>
        \(style)\(definitions)\(body)</svg>

        """
    }

    private var definitions: String {
        guard !hatches.isEmpty else { return "" }
        let patterns = hatches.map { kind in
            """
            <pattern id="\(name)-\(kind.rawValue)" width="6" height="6" patternUnits="userSpaceOnUse">\
            <rect width="6" height="6" class="\(kind.rawValue)"/>\
            <path d="M-1.5 1.5L1.5 -1.5M0 6L6 0M4.5 7.5L7.5 4.5" class="\(kind.rawValue)-hatch"/></pattern>

            """
        }
        return "<defs>\n\(patterns.joined())</defs>\n"
    }
}
